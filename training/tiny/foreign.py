"""Sentences in other languages, for the ear to learn that they are none of its business."""

TRAINING: dict[str, tuple[str, ...]] = {
    "en-us": (
        "hello I would like to speak to somebody about my account", "the internet has been down since yesterday",
        "can you please tell me how much I have to pay", "thank you very much that is all for today",
        "I want to cancel my subscription right now", "what time does the doctor arrive on Monday",
        "my number is five five two nine zero", "yes please", "sure thing", "excuse me could you repeat the question",
        "we are going to the beach this weekend with friends",
    ),
    "de": (
        "guten Tag ich möchte mit einem Mitarbeiter sprechen", "mein Internet funktioniert seit gestern nicht mehr",
        "wie viel muss ich diesen Monat bezahlen", "vielen Dank und auf Wiederhören", "ja natürlich", "nein danke",
        "ich brauche einen Termin beim Arzt am Dienstag", "können Sie das bitte noch einmal wiederholen",
    ),
    "fr": (
        "bonjour je voudrais parler à quelqu'un du service client", "ma connexion ne marche plus depuis hier soir",
        "combien est-ce que je dois payer ce mois-ci", "merci beaucoup et bonne journée", "oui monsieur",
        "je voudrais prendre rendez-vous mardi matin", "pouvez-vous répéter s'il vous plaît",
    ),
    "pt-br": (
        "bom dia eu queria falar com um atendente", "a minha internet não funciona desde ontem de manhã",
        "quanto é que eu preciso pagar este mês", "muito obrigado até logo", "não senhor", "sim senhora",
        "gostaria de marcar uma consulta para amanhã", "você pode repetir por gentileza",
    ),
    "nl": (
        "goedemorgen ik wil graag iemand van de klantenservice spreken", "mijn verbinding werkt niet meer",
        "hoeveel moet ik deze maand betalen", "hartelijk dank en een fijne dag", "ja hoor",
    ),
    "pl": (
        "dzień dobry chciałbym porozmawiać z konsultantem", "mój internet nie działa od wczoraj",
        "ile muszę zapłacić w tym miesiącu", "dziękuję bardzo do widzenia", "tak tak",
    ),
    "tr": (
        "merhaba bir temsilciyle görüşmek istiyorum", "internetim dünden beri çalışmıyor",
        "bu ay ne kadar ödemem gerekiyor", "çok teşekkür ederim iyi günler", "evet", "hayır",
    ),
    "sv": (
        "god morgon jag vill gärna tala med någon", "mitt bredband fungerar inte sedan igår",
        "hur mycket ska jag betala den här månaden", "tack så mycket och hej då", "ja visst",
    ),
    "hu": (
        "jó napot kívánok egy ügyintézővel szeretnék beszélni", "tegnap óta nem működik az internet",
        "mennyit kell fizetnem ebben a hónapban", "köszönöm szépen viszontlátásra", "igen", "nem",
    ),
    "ro": (
        "bună ziua aș dori să vorbesc cu un operator", "internetul meu nu mai merge de ieri",
        "cât trebuie să plătesc luna aceasta", "mulțumesc frumos la revedere",
    ),
    "ru": (
        "здравствуйте я хочу поговорить с оператором", "мой интернет не работает со вчерашнего дня",
        "сколько я должен заплатить в этом месяце", "большое спасибо до свидания", "да", "нет",
    ),
}  # fmt: skip

HELD_OUT: dict[str, tuple[str, ...]] = {
    "en-gb-x-rp": (
        "good evening I have got a question about the last invoice", "is there anybody who could help me with this",
        "the weather has been lovely this week", "please put me through to your manager",
        "I shall ring again tomorrow afternoon",
    ),
    "de": (
        "die Rechnung ist viel zu hoch und ich verstehe sie nicht", "morgen fahren wir mit dem Zug nach Hamburg",
        "bitte verbinden Sie mich mit der Technik",
    ),
    "fr": (
        "la facture que j'ai reçue n'est pas correcte", "demain nous partons en vacances à la montagne",
        "passez-moi un technicien je vous prie",
    ),
    "pt": (
        "a fatura que recebi está errada e quero reclamar", "amanhã vamos viajar de comboio para o Porto",
        "ligue-me ao técnico se faz favor",
    ),
    "it": (
        "buongiorno vorrei parlare con un operatore", "la mia connessione non funziona da ieri sera",
        "quanto devo pagare questo mese", "grazie mille e buona giornata",
    ),
    "da": (
        "goddag jeg vil gerne tale med en medarbejder", "mit internet virker ikke siden i går",
        "hvor meget skal jeg betale denne måned",
    ),
    "fi": (
        "hyvää päivää haluaisin puhua asiakaspalvelijan kanssa", "nettiyhteyteni ei ole toiminut eilisestä lähtien",
        "kuinka paljon minun pitää maksaa tässä kuussa",
    ),
}  # fmt: skip
"""Other sentences; Italian, Danish and Finnish are never heard in training."""
