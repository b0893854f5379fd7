"""How English speakers show on the telephone what they feel. Our own list, no corpus behind it."""

from typing import Final

from conversation.sentiment_lists import SentimentLists, Sign, joined_phrases, phrase_set, word_set
from conversation.sentiment_patterns_en import KINDS_EN, PATTERNS_EN

_PHRASES: Final = {
    Sign.FAULT: {
        -0.5: (
            "freezes,freezing,frozen,keeps freezing,crashes,dead,goes dead,went dead,drops out,cuts out,cutting out,"
            "never arrived,never came,never showed,never turned up,didnt show,didnt arrive,didnt come,still waiting,"
            "keeps *ing,keep charging,keep billing,keep calling,no dial tone,slow again,not working,isnt working,"
            "wont work,doesnt work,does not work,didnt work,did not work,never works,stopped working,cant connect,"
            "cannot connect,cant log in,cannot log in,no internet,no signal,no service,no connection,keeps dropping,"
            "keeps cutting,keeps failing,keeps crashing,is down,been down,went down,broken,faulty,fault,fails,"
            "failing,failed,problem,problems,issue,issues,error,errors,too slow,very slow,so slow,still the same,"
            "same as before,wrong,charged twice,overcharged,still no,still not,out of order"
        ),
    },
    Sign.FEELING: {
        -0.6: (
            "been waiting,been calling ~ and,been on hold,nobody *,no one *,nobody ever,dont trust,do not trust,"
            "i cancelled,never asked for,didnt ask for,never ordered,without telling,without asking,without warning,"
            "on my nerves,not acceptable,not fair,not good,let down,too long,broken promises,excuses,bad,poor,sad,"
            "worried,unhappy,not happy,disappoint*,not good enough,nobody helps,no one helps,nobody helped,"
            "no one helped,nobody answers,no solution,not solved,not fixed,again and again,every time,on hold for,"
            "waiting for hours,for the third time,third time,fourth time,fifth time,how many times,tenth time,"
            "hundredth time,as always,as usual"
        ),
        -0.7: (
            "frustrat*,annoy*,upset,fed up,tired of,had enough,complain,complaint,complaints,already told,i told you,"
            "not listening,dont listen,arent listening,not helping,isnt helping,not helpful,no help,waste of time,"
            "wasting my time,going in circles,unfair,terribl*,awful*,useless,hopeless,lied to,lying,"
            "dont understand me,not satisfied,dissatisfied,the worst,worst,hate,sue you,unprofessional"
        ),
        -0.9: (
            "angry,furious,outrag*,ridiculous,unacceptable,disgust*,disgrace*,sick and tired,sick of,joke,rip off,"
            "ripoff,scam,robbery,stealing,thieves,crooks,incompetent,idiot*,stupid,damn,bloody,fucking,shit,crap,"
            "bullshit,pissed off,livid,appalling,horrible,horrendous,shameful,shame on"
        ),
        0.5: "not bad,not too bad,not so bad,cant complain,cannot complain",
        0.8: (
            "great help,big help,made my day,couldnt ask for more,could not ask for more,that was quick,so quick,"
            "up and running,all good,very nice,kind of you,top notch,well pleased,no complaints,perfect,great,"
            "excellent,brilliant,wonderful,fantastic,amazing,awesome,lovely,superb,happy,glad,pleased,satisfied,"
            "delighted,good news,helpful,very kind,so kind,very good,really good,well done,relief,relieved,love it,"
            "i love,works perfectly,works well"
        ),
        0.95: "absolutely perfect,absolutely wonderful,couldnt be happier",
    },
    Sign.COURTESY: {
        0.8: "thank,thanks,cheers,appreciate,grateful",
        0.95: "thank you so much,many thanks",
    },
    Sign.SOLVED: {
        0.7: (
            "works now,working now,its fixed,is fixed,been fixed,got fixed,is solved,been solved,sorted now,"
            "all sorted,back up,back on,is back,problem solved,works again,working again,no longer drops,fixed it"
        ),
    },
    Sign.CONFUSION: {
        -0.3: (
            "no idea,lost me,plain english,supposed to,cant make sense,make sense of,say that again,say it again,"
            "dont see where,cant see where,cant find where,what is this,bit lost,over my head,not with you,slower,"
            "dont understand,do not understand,didnt understand,cant understand,dont get,do not get,didnt get that,"
            "dont follow,not following,confus*,im lost,am lost,makes no sense,make no sense,doesnt make sense,"
            "what do you mean,what does that mean,what does it mean,what does this mean,what did you say,explain,"
            "clarify,not clear,isnt clear,unclear,not sure what,not sure how,dont know how,dont know what,"
            "dont know where,pardon,come again,what is that,what do i do,more slowly,slow down"
        ),
    },
    Sign.IDIOM: {
        0.0: (
            "not complaining,if it breaks,if it fails,what happens if,no problem,not a problem,no problems,no issue,"
            "no worries,any problem,any problems,any issue,any issues,no thanks,no thank you,in case of,worst case,"
            "not a complaint,not angry,not upset,i understand,understood,nothing wrong,wrong number,no longer,"
            "great britain,how are you,how do you do"
        ),
    },
}

ENGLISH: Final = SentimentLists(
    phrases=joined_phrases(_PHRASES, PATTERNS_EN),
    kinds=KINDS_EN,
    negators=word_set(
        "no not never without nothing isnt arent wasnt dont doesnt didnt wont cant cannot couldnt hardly"
    ),
    questioners=word_set("if any whether unless"),
    borders=word_set("and or because when where that which"),
    turnings=word_set("but although though however except until"),
    intensifiers=word_set("very really so extremely totally completely absolutely too much such"),
    diminishers=word_set("bit little slightly somewhat kinda"),
    whole_confusions=phrase_set("what,sorry,sorry what,pardon me,excuse me,huh,how,how come,say again"),
    naming=word_set("called surname name named"),
    named=word_set("street road avenue pub hotel plan"),
    skippable=word_set("really so very still just even ever actually all any my me"),
)
