"""One rendered state into a running PBX's configuration folder, proven in Asterisk, and out again.

Knows `provisioning.rendered`, `provisioning.asterisk_conf` and Asterisk's console; opens no network.
"""
