"""Our filter and jail for fail2ban: from the typed config to two files, and into /etc/fail2ban and out again."""
