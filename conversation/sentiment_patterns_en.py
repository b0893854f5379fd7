"""How English speakers complain, get lost and are pleased, as patterns: kinds of words instead of single words."""

from collections.abc import Mapping
from typing import Final

from conversation.sentiment_lists import Sign, word_set

KINDS_EN: Final[Mapping[str, frozenset[str]]] = {
    "does": word_set(
        "calls called call comes came come answers answered answer helps helped help fixes fixed fix replies replied "
        "reply shows showed show turns turned delivers delivered deliver responds responded respond solves solved "
        "solve cares cared care listens listened listen explains explained told tells tell does did knows knew picks "
        "picked refunds refunded refund sends sent send bothered bothers seems wants sorts sorted"
    ),
    "works": word_set(
        "work works worked working connect connects connected load loads loading loaded open opens start starts "
        "charge charges turn turns respond ring rings sync update boot respond accept accepts accepted arrive "
        "arrives arrived come came show shows download play"
    ),
    "cannot": word_set("cant cannot couldnt can't unable"),
    "notdo": word_set("doesnt dont didnt wont isnt hasnt havent wouldnt arent wasnt"),
    "breaks": word_set(
        "breaking dropping cutting freezing crashing failing disconnecting buffering restarting stopping going "
        "shutting dying glitching lagging flickering resetting timing losing kicking"
    ),
    "long": word_set("hour hours day days week weeks month months year years ages forever minutes morning afternoon"),
    "times": word_set("two three four five six seven eight ten twice dozen hundred several many multiple countless"),
    "nth": word_set("second third fourth fifth sixth tenth umpteenth hundredth"),
    "fine": word_set(
        "fine great good perfect brilliant excellent lovely wonderful amazing fantastic superb smooth smoothly "
        "perfectly beautifully quick easy awesome fabulous marvellous terrific outstanding spot"
    ),
    "kind": word_set(
        "patient helpful kind polite friendly professional efficient thorough quick nice lovely clear understanding "
        "great brilliant wonderful amazing excellent fantastic courteous attentive good"
    ),
    "lost": word_set("lost confused puzzled baffled muddled stuck unsure bewildered clueless"),
}

PATTERNS_EN: Final[Mapping[Sign, Mapping[float, str]]] = {
    Sign.FAULT: {
        -0.5: (
            "@notdo @works,never @works,@cannot get,@cannot use,@cannot access,@cannot make,@cannot log,@cannot open,"
            "@cannot pay,@cannot call,@cannot send,@cannot even,wont let,doesnt let,wont accept,keeps @breaks,"
            "keep @breaks,its @breaks,is @breaks,stopped *ing,no dial,no picture,no sound,no power,no hot water,"
            "no connection,lost connection,lost my connection,lost service,without internet,without service,"
            "without power,without a phone,without phone,no phone,cut off,cutting me,disconnected,playing up,"
            "acting up,on the blink,black screen,red light,error message,an error,crackl*,intermittent,patchy,"
            "unreliable,damaged,cracked,smashed,incomplete,missing,the wrong,wrong item,wrong address,wrong amount,"
            "wrong bill,incorrect,late,delayed,overdue,hasnt *ed,havent received,never received,didnt receive,"
            "not received,not arrived,hasnt come,havent heard,doesnt add up,not right,isnt right,not correct"
        ),
    },
    Sign.FEELING: {
        -0.6: (
            "nobody @does,no one @does,noone @does,no-one @does,never @does,none of you,none of them,not one person,"
            "not a single,nobody has,no one has,nobody can,no one can,nobody will,no one will,nobody seems,"
            "been waiting,waiting for ~ @long,waited ~ @long,waiting since,still waiting,waiting all,been on hold,"
            "on hold,kept waiting,kept me waiting,kept on hold,been trying,been calling,been ringing,been chasing,"
            "been without,been like this,been going on,been ~ @long and,been ~ @long since,@long and nothing,"
            "@long and still,@long and no,its been ~ @long,it has been ~ @long,took ~ @long,how much longer,"
            "how long am i,how long do i,how many more,the @nth time,@nth time,called ~ times,rang ~ times,"
            "explained ~ times,told ~ times,said ~ times,asked ~ times,emailed ~ times,@times times,time and again,"
            "over and over,again and again,yet again,once again my,same thing,same story,same problem,same issue,"
            "every single,every time,passed around,passed from,passing me,transferred ~ times,keep transferring,"
            "being transferred,pillar to post,round in circles,in circles,the run around,the runaround,runaround,"
            "told me one thing,different things,different story,something different,contradict*,charged ~ twice,"
            "charged ~ for nothing,charged for something,charged me,charging me,billed ~ twice,overcharg*,"
            "double charged,hidden charges,hidden fees,never agreed,didnt agree,never signed,without permission,"
            "without my permission,without asking,took money,taken money,money back,want a refund,i want my money,"
            "daylight robbery,promised ~ and,promised me,you promised,they promised,was promised,were promised,"
            "supposed to come,supposed to be here,supposed to call,was supposed to,were supposed to,said you would,"
            "said they would,was told,got nothing,get nothing,no response,no reply,no answer,no help,no explanation,"
            "no apology,not even,took the day off,day off work,missed work,wasted,wasting,not happy,not pleased,"
            "not impressed,not satisfied,not good enough,not on,not the first time,expected better,expected more,"
            "worse,getting worse,worse than,how hard,how difficult,cant you,why cant,why does nobody,why do i always,"
            "why do i have to,why is it always,what kind of,what sort of,hardly,poor service,bad service,lousy,"
            "shoddy,sloppy,rude,unfriendly,overpriced,too expensive,so expensive,mess,messed up,tired of,had it with,"
            "enough of,enough is"
        ),
        -0.8: (
            "had enough,ive had it,fed up,sick of,at my wits,wits end,driving me,losing my patience,lost my patience,"
            "run out of patience,out of patience,last straw,beyond a joke,taking the mick,taking the mickey,"
            "taking the piss,you people,unbelievable,unreal,shambles,shocking,diabolical,atrocious,abysmal,dreadful,"
            "pathetic,insulting,an insult,cowboys,con artists,conned,cheated,cheating,robbed,robbing,ripped off,"
            "ripping,nightmare,farce,fiasco,disaster,a disgrace,ashamed,ombudsman,trading standards,small claims,"
            "lawyer,solicitor,legal action,formal complaint,make a complaint,file a complaint,report you,"
            "take my business,going elsewhere,switch providers,switching providers,cancel everything,demand,"
            "dont care,doesnt care,couldnt care,for goodness sake,for gods sake,for heavens sake,what the hell,screw,"
            "screwed,sucks,suck,pissed,infuriat*,enraged,fuming,seething,irate,mad at,so mad,exasperat*"
        ),
        0.5: (
            "much better,lot better,bit better,cant fault,cannot fault,couldnt fault,no complaints,"
            "nothing to complain,never had any,never lets me,never let me down"
        ),
        0.8: (
            "is @fine now,are @fine now,everything is @fine,everythings @fine,its @fine now,all @fine,works @fine,"
            "working @fine,went @fine,running @fine,been @kind,been really @kind,been very @kind,been so @kind,"
            "youre @kind,youre very @kind,youre so @kind,you are @kind,was @kind,were @kind,so @kind,very @kind,"
            "really @kind,most @kind,@fine service,@fine job,@fine work,@fine stuff,@fine experience,pleasure,"
            "life saver,lifesaver,star,legend,angel,gem,saved me,saved my,helped me,you helped,helped a lot,"
            "so much help,impressed,thrilled,chuffed,over the moon,made up,recommend,five stars,ten out of ten,"
            "best service,the best,just what i,exactly what i,what i needed,better than i,faster than,quicker than,"
            "load off,weight off,what a relief,thank god,thank goodness,glad to,good to hear,nice to hear,pleasantly,"
            "keep it up,well done,top marks,first class,like a dream,like a charm,cant thank,enjoy,enjoyed"
        ),
    },
    Sign.SOLVED: {
        0.7: (
            "finally works,finally working,finally got,finally fixed,at last,now works,now working,is working,"
            "its working,fixed now,sorted it,got it working,all sorted,sorted out,resolved,it came back,came back on,"
            "found it,i got it,got through,refund came,it arrived,has arrived"
        ),
    },
    Sign.CONFUSION: {
        -0.3: (
            "what is a,what is an,what are these,why do i need,how do i open,im @lost,i am @lost,im a bit @lost,"
            "im so @lost,im totally @lost,im completely @lost,a bit @lost,got me @lost,getting @lost,got @lost,"
            "still @lost,lost you,lost track,you lost me,bit much,@cannot understand,@cannot follow,@cannot find,"
            "@cannot see,@cannot figure,@cannot work out,@cannot make sense,@cannot hear,cant tell which,dont see,"
            "do not see,didnt catch,didnt hear,didnt follow,didnt quite,dont know,do not know,no clue,not a clue,"
            "havent a clue,havent got a clue,have no idea,not sure i,not sure if i,im not sure,i am not sure,"
            "im unsure,what on earth,what exactly is,whats a,whats an,whats the difference,what is the difference,"
            "what do you want,what am i,what should i,what was that,what did you,whats that,which one do,"
            "which one is,which one did,which of,which button,where do i,where is that,wheres that,where exactly,"
            "how do you mean,how do i do that,how does that,in what sense,once more,one more time,go through that,"
            "go over that,run that by,run through that,repeat,say again,rephrase,in simple,simpler,simple terms,"
            "simple words,laymans,in english,step by step,one step,an example,too fast,too quick,too technical,"
            "jargon,gibberish,double dutch,greek to me,all these,so complicated,very complicated,too complicated,"
            "complicated,puzzl*,baffl*,bewilder*,hang on what,wait what,you mean,meaning what,speak up,little louder,"
            "bit louder,start again,start over,from the beginning,head is spinning,brain,none the wiser"
        ),
    },
    Sign.IDIOM: {
        0.0: (
            "its late,sorry im late,too late to,late fee,missing persons,not sure yet,i dont know the number,"
            "for two weeks,is that the best,whats the best,what is the best,best price,best way,best time,"
            "the best time,when is ~ working,working hours,do you know,i dont need,dont need,dont want,dont have,"
            "do not have,do not need,i dont mind,dont mind,not now,not today,not right now,cant talk,cant come,"
            "cant make it,cant do,im working,if i cant,if it doesnt,if its,if i dont,if nobody,if no one,in case,"
            "that is fine,thats fine,its fine,fine thanks,im fine,i am fine,nice to meet,good morning,good afternoon,"
            "good evening,good night,have a nice,have a good,have a great,excuse me,customer service,demand note,"
            "all right,alright"
        ),
    },
}
