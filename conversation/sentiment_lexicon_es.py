"""How Spanish speakers show on the telephone what they feel: Spain and Mexico first. Our own list, no corpus behind it.

Weights: faults -0.5, displeasure -0.7, anger and insult -0.9; politeness and approval 0.8, delight 0.95.
"""

from typing import Final

from conversation.sentiment_classes_es import CLASSES_ES
from conversation.sentiment_complaints_es import COMPLAINTS_ES
from conversation.sentiment_lists import SentimentLists, Sign, joined_phrases, phrase_set, word_set
from conversation.sentiment_patterns_es import PATTERNS_ES

_LITOTES: Final = ",".join(
    f"no {verb} {grade}"
    for verb in sorted(word_set("funciona va esta suena oye ve sale estuvo estaba anda queda pinta"))
    for grade in ("mal", "tan mal", "nada mal", "del todo mal")
)
"""Faint praise is praise: "no está mal", "no funciona nada mal"."""

_PHRASES: Final = {
    Sign.FAULT: {
        -0.5: (
            "no hay manera,no hay forma,no hay quien,se apaga,se apagan,se apago,se reinicia,se cuelga,"
            "se quedo colgad*,pixel*,se ve borros*,no entra,no entran,no abre,no suena,no da senal,no aparec*,"
            "no apareci*,no vino,no vinieron,no vienen,no viene,no han venid*,no ha venid*,no pasaron,no han llamad*,"
            "no llamaron,no avisaron,no devuelv*,no devolvi*,no han devuelt*,no reflej*,tarda ~ en,tardan ~ en,"
            "sigo esperando,seguimos esperando,llevo ~ sin,llevamos ~ sin,quede sin,quedamos sin,nos dejaron sin,"
            "dejaron sin,quedo sin,dejo de funcionar,dejo de ir,deja de ir,deja de funcionar,no funciona,"
            "no funcionan,no funciono,no funcionaba,no ha funcionad*,sin funcionar,no va,no van,no anda,no jala,"
            "no agarra,no prende,no enciende,no arranca,no carga,no conecta,no sirve,no sirven,no sale,no llega,"
            "no llegan,no ha llegad*,no llego,no puedo entrar,no puedo acceder,no deja entrar,no responde,"
            "sin internet,sin linea,sin servicio,sin senal,sin luz,sin telefono,sin conexion,sin wifi,sin datos,"
            "no tengo internet,no tengo linea,no tengo senal,no tengo servicio,no hay internet,no hay linea,"
            "no hay senal,no hay servicio,se corta,se cortan,se cortaba,se corto,se cae,se caen,se caia,se cayo,"
            "volvio a cortar*,volvio a caer*,volvio a fallar,se va la senal,se fue el internet,se fue la luz,fall*,"
            "averia,averias,estropead*,descompuest*,rot*,averiad*,se descompuso,se estropeo,se rompio,sigue igual,"
            "siguen igual,seguimos igual,sigo igual,igual que antes,sigue sin,siguen sin,sigo sin,seguimos sin,"
            "continua igual,problema,problemas,error,errores,incidencia,va mal,van mal,iba mal,va lento,va lenta,"
            "muy lent*,lentisim*,se traba,se congela,se bloquea,se queda colgad*,esta mal,estan mal,viene mal,"
            "vino mal,no llega bien,se oye mal,se escucha mal,no cuadra,no coincide,equivocad*,retraso,retrasos,"
            "retrasad*,se retrasa,se retrasan,se retraso,se han retrasado,tard* mucho,demor*"
        ),
    },
    Sign.FEELING: {
        -0.6: (
            "llevo ~ *ando,llevo ~ *iendo,llevamos ~ *ando,llevamos ~ *iendo,llevo ~ *andole,llevo ~ *iendole,"
            "llevo ~ asi,llevo ~ marcando,nadie me *,nadie nos *,nadie se *,nadie sabe,nadie hace,nadie quiere,"
            "nadie puede,nunca lleg*,nunca cumpl*,nunca contest*,nunca respond*,nunca vien*,nunca vino,nunca aparec*,"
            "nunca avis*,nunca atiend*,nunca devuelv*,nunca resuelv*,nunca arregl*,nunca funcion*,jamas lleg*,"
            "jamas cumpl*,jamas contest*,jamas contrat*,jamas ped*,nunca contrat*,nunca ped*,no cumpl*,sin decir*,"
            "sin pregunt*,sin consult*,sin motivo,sin razon,sin explic*,sin previo aviso,prometieron,me prometio,"
            "prometen,dijeron ~ y no,quedaron ~ y no,siguen cobrando,sigue cobrando,me suben,nos suben,me subieron,"
            "inflad*,cobran ~ de mas,cobro duplicado,cargo duplicado,duplicaron,me duplic*,cobr* ~ que no,"
            "carg* ~ que no,doble factura,factura doble,otra factura,dejaron colgad*,me dejo colgad*,"
            "me dejan colgad*,media hora en,horas en,van ~ citas,van ~ recibos,van ~ veces,van ~ semanas,"
            "van ~ llamadas,ya van,a esperar otra,excusa,excusas,pretexto*,no sirvi*,no servid*,no convenc*,"
            "no convence*,no es lo que,no fue lo que,deja mucho que desear,dejan mucho que desear,poco satisfech*,"
            "poco content*,poco seri*,mal hecho,de malas,malisima onda,no dan,ninguna solucion,ninguna respuesta,"
            "ninguna ayuda,sin respuesta,sin solucion,mal,mala,malo,malas,malos,feo,fea,triste,preocupad*,"
            "me preocupa,incomod*,inconveniente,carisim*,no arreglo,no arreglaron,no arregla,no resuelv*,no resolvi*,"
            "no soluciona*,no ha solucionad*,no han solucionad*,no han resuelto,no ha resuelto,no han arreglad*,"
            "no arreglan,sin arreglar*,sin resolver*,sin solucionar*,nadie resuelve,nadie arregla,nadie soluciona,"
            "nadie ha dado,nadie da,nadie ayuda,nadie hace nada,nadie contesta,nadie responde,nadie atiende,y nada,"
            "no hace nada,no hacen nada,no avanza*,cobraron de mas,cobrado de mas,cobran de mas,cobrando de mas,"
            "cobro de mas,cobran doble,cobraron doble,cobrado doble,cobrado dos veces,cobraron dos veces,"
            "cobran dos veces,cobraron mal,cobran mal,cobrado mal,que no pedi,que no contrate,que no tengo,"
            "que no he pedido,que no he contratado,sin avisar,sin mi permiso,sin consentimiento,subieron el precio,"
            "otra vez,de nuevo lo mismo,lo mismo de siempre,como siempre,siempre lo mismo,siempre igual,"
            "todo el tiempo,a cada rato,cada dos por tres,cada rato,esperando horas,horas esperando,horas de espera,"
            "dias esperando,semanas esperando,llevo esperando,llevo llamando,semana llamando,dias llamando,"
            "un mes asi,meses asi,dias asi,semanas asi,semana asi,anos asi,mes llamando,meses llamando,ya dije,"
            "ya les dije,ya explique,ya lo hice,ya intente,ya lo intente"
        ),
        -0.7: (
            "abandonad*,agobi*,amarg*,angusti*,apenad*,arruin*,barbaridad*,chapuza*,cansino*,culpa de ustedes,chasco,"
            "decepc*,defraud*,deplorable*,desagrad*,desatend*,descuid*,desilusion*,despreci*,destroz*,detest*,"
            "engorros*,errone*,escandal*,exagerad*,fracas*,groser*,ignoran,incapac*,incapaz,incumpl*,indefens*,"
            "inservible*,insult*,irrespons*,irrit*,maltrat*,miserable*,negligen*,odio,ofend*,ofens*,patetic*,"
            "perjudic*,pesadilla,ridicul*,sospech*,tonteria*,tortura,trampa*,tramp*,triste*,vulgar,escucheme,"
            "escuchame,no vamos a ninguna parte,no vamos a ningun lado,no llegamos a nada,le estoy diciendo,"
            "les estoy diciendo,no es eso,eso no es lo que,no fio,no confio,desconfi*,insisto,tengo que insistir,"
            "que insista,tanta espera,tanto esperar,tantas veces,tanto problema,abogad*,me cambio de compania,"
            "cambiarme de compania,me voy a otra compania,cambio a otra compania,oficina del consumidor,condusef,"
            "juzgado,lamentable,deficiente,desastros*,cansadisim*,estresad*,de un lado a otro,de un lado para otro,"
            "a las vueltas,me marean,me toman por,me tratan,de chiste,de risa,el avion,puras mentiras,puras largas,"
            "que servicio tan,que casualidad,que pesad*,fastidi*,enoj*,enfad*,molest*,frustrad*,frustra,frustrante,"
            "decepcionad*,decepcion*,disgust*,desesper*,cansad*,me canse,agot*,insatisfech*,descontent*,inconforme,"
            "enojo,enfado,queja,quejas,quejar*,reclam*,denunci*,reportar con,profeco,demandar,llamo otra vez,"
            "he llamado mil,mil veces,veces que llamo,vez que llamo,vez que les llamo,vez que cobran,vez que marco,"
            "veces tengo que,cuantas veces,le vuelvo a decir,se lo vuelvo a decir,ya dije tres,ya estuvo bueno,"
            "ya basta,basta ya,no aguanto,no soporto,no puedo mas,no es normal,no es justo,injust*,no entiende,"
            "no entienden,no entiende nada,no esta escuchando,no escucha,no escuchan,no hacen caso,no hace caso,"
            "no esta ayudando,no ayuda,no ayudan,no ayudo,no ayudaron,perder el tiempo,perdida de tiempo,"
            "perdiendo el tiempo,a ninguna parte,a ningun lado,no sirve de nada,no sirven de nada,usted no sirve,"
            "vuelta y vuelta,tanta vuelta,dando vueltas,dan vueltas,dan largas,me ignoran,me colgaron,me han colgado,"
            "que mal,que pena de,fatal,desastre,caos,una basura,no me gusta,no gusta,no estoy content*,"
            "no estoy satisfech*,no estoy conforme,no estoy de acuerdo con,no quede content*,no quede satisfech*,"
            "no quede conforme,no parece bien,no parece justo,mal servicio,mala atencion,tan mal,asi de mal,muy mal,"
            "de mal en peor,viendo la cara,me mienten,mentira,mentiras,mentiros*,enganad*,engan*,que lata,"
            "que fastidio,que rollo,hasta la coronilla,puro choro,puros cuentos,puro cuento,lo que usted diga"
        ),
        -0.9: (
            "abuso,abusos,abusiv*,burla*,se burl*,atraco,el colmo,colm*,me colm*,castano oscuro,la gota que,"
            "hasta los mismisimos,vaya tela,menuda tela,manda narices,tiene narices,manda huevos,perdi la paciencia,"
            "acabo la paciencia,agota la paciencia,paciencia tiene un limite,ni la amuelan,ni la friegan,"
            "no tienen madre,mala onda,que poca,denigrante,humill*,cinic*,impresentable*,nefast*,vergonz*,hart*,"
            "enfadad*,enfadadisim*,enojad*,enojadisim*,cabread*,encabronad*,indignad*,indignante,furios*,enfurec*,"
            "rabia,coraje,encachorrad*,emputad*,verguenza,vergonzos*,robo,ladrones,rateros,ratero,estafa,estafador*,"
            "timo,timador*,fraude,tomadura de pelo,tomando el pelo,toman el pelo,falta de respeto,inaceptable,"
            "intolerable,inadmisible,insoportable,descaro,sinverguenza*,caradura*,poca madre,hasta las narices,"
            "hasta el gorro,hasta el mono,hasta la madre,hasta los huevos,hasta los cojones,hasta aqui,mierda,joder,"
            "cono,chingad*,chinga*,pinche,pinches,cabron*,pendej*,gilipollas,idiota*,inutil,inutiles,incompetente*,"
            "pesim*,horrible,horroros*,terrible,malisim*,peor,el peor,la peor,asco,porqueria,no manches,no mames,"
            "no vuelvo a contratar,en la vida"
        ),
        0.3: "bonit*,bien hecho,no es mal",
        0.5: f"ni una pega,ninguna pega,sin pegas,nada malo,no tengo nada malo,no hay nada malo,"
        f"nada que reprochar,no puedo pedir mas,ya no falla,"
        "no ha ido nada mal,no fue nada mal,no fue mal,no ha ido mal,no salio mal,ni una queja,ninguna queja,"
        f"no quejo,no puedo quejar,no tengo queja,no tengo quejas,no tengo ninguna queja,{_LITOTES},nada mal,"
        "menos mal,ni tan mal,no esta de mas",
        0.8: (
            "acertad*,admirable*,agil,agilidad,agradabl*,brillante*,celebro,clarisim*,cumplid*,divin*,emocionad*,"
            "enhorabuena,esplendid*,excepcional*,extraordinari*,genialidad,ideal,lind*,optim*,orgullos*,placer,"
            "precios*,puntual*,recomend*,reconfort*,salvador*,sensacional*,servicial*,simpatic*,sobresaliente*,"
            "tranquiliz*,utilisim*,valios*,dios se lo pague,dios le bendiga,bendiciones,salvado la vida,"
            "salvo la vida,me ha salvado,me salvo,me soluciono,me ha solucionado,me resolvio,un angel,da gusto,"
            "da mucho gusto,como nuevo,como nueva,un diez,que ilusion,ilusion*,rapidez,que rapid*,que facil,"
            "facilisim*,comodisim*,que buena onda,buena onda,muy atent*,atentisim*,atent*,que detalle,bravo,chapo,"
            "de fabula,fabulos*,impresionante,muy profesional*,muy educad*,trabajo muy bien,trabajo bien,salio bien,"
            "salio perfecto,sin ningun problema,eso si,vale la pena,perfecto,perfecta,perfectamente,excelente*,"
            "estupend*,genial,fenomenal,fenomeno,fantastic*,magnific*,maravill*,de maravilla,buenisim*,encant*,"
            "content*,satisfech*,feliz,felices,felicit*,alegr*,alivio,peso de encima,que bien,que bueno,que bonito,"
            "que buena,buena noticia,buenas noticias,que padre,padrisim*,que chido,chid*,chevere,que guay,guay,mola,"
            "de lujo,a todo dar,de perlas,de diez,de pelos,super bien,muy bien,bastante bien,eficiente*,eficaz,"
            "rapidisim*,impecable,increible,me gusta,me gusto,me gustado,que amable,un encanto,un sol,quedo perfecto,"
            "le quedo muy bien,va bien,va muy bien,me va bien,funciona bien,funciona perfect*,resolvieron muy bien,"
            "resolvieron bien,recomiendo,recomendare"
        ),
        0.95: "maravillos*,espectacular*,inmejorable*,me encanta,lo maximo,la neta esta padre",
    },
    Sign.COURTESY: {
        0.8: "gracias,mil gracias,agradec*,agradezc*,muy amable,amable*,amabilisim*",
        0.95: "muchisimas gracias",
    },
    Sign.SOLVED: {
        0.7: (
            "ya carga,ya entra,ya entran,ya entro,ya abre,ya prende,ya enciende,ya conecta,ya navega,ya suena,"
            "ya oigo,ya escucho,ya agarra,ya sale,ya salio,ya se ve,ya se oye,ya llego,ya lo tengo,ya aparece,"
            "ya aparecio,al final se arregl*,al final lo arregl*,al final quedo,ya recupere,ya me devolvieron,"
            "ya funciona,ya funcionan,ahora funciona,ahora si funciona,ya va,ya va bien,ya me va,ahora si va,"
            "ya quedo,ya anda,ya jala,ya sirve,ya tengo internet,ya tengo linea,ya tengo senal,ya hay internet,"
            "ya hay senal,ya volvio,ya regreso,ya arregl*,ya se arregl*,ya esta arreglad*,ya solucion*,"
            "ya han solucionad*,ya esta solucionad*,ya resolvi*,ya esta resuelto,ya resuelto,se arreglo,se soluciono,"
            "se resolvio,lo resolvieron,lo solucionaron,lo arreglaron,lo han solucionado,lo han arreglado,"
            "lo han resuelto,problema resuelto,problema solucionado,ya no se corta,ya no se cae,ya no falla,"
            "ya no pasa,ya pude,ya puedo,ahora si puedo,ahora va,quedo muy bien,quedo bien"
        ),
    },
    Sign.CONFUSION: {
        -0.3: (
            "un cacao,revolvi,me revuelv*,revuelt*,no me suena,a chino,en chino,no se ~ por donde empezar,"
            "no se si ~ siguiendo,no estoy siguiendo,se supone que,no termino de ver,no termino de entender,"
            "no acabo de ver,no acabo de entender,no acabo de pillar,con palabras,en cristiano,mas lento,mas lentito,"
            "mas sencill*,mas facil,mas simple,despacito,despacio,repitame,repita eso,otra vez ~ lento,"
            "otra vez ~ despacio,no quedo,no queda,como ha dicho,que ha dicho,que cosa,no oi bien,no escuche bien,"
            "no oi,no alcance a oir,no doy con,no sale lo que,no aparece lo que,no veo donde,no lo encuentro,"
            "en que parte,donde dice,no caigo,no se de donde,no se para que,liando,embroll*,enred*,me mareo,mareo,"
            "no capte,no capto,aclarar*,aclare*,queriendo decir,no le veo,no veo la diferencia,no entiendo,"
            "no entendi,no lo entiendo,sin entender*,sigo sin entender*,sigo sin ver*,no comprendo,no comprendi,"
            "no le entiendo,no le entendi,no queda claro,no quedo claro,no tengo claro,no lo tengo claro,"
            "no veo claro,no esta claro,no le capto,no pillo,no sigo,no me aclaro,no aclaro,no me ubico,no ubico,"
            "ando perdid*,estoy perdid*,estoy confundid*,confundid*,confund*,confus*,estoy liad*,estoy liando,un lio,"
            "hice bolas,hago bolas,hecho bolas,hago un lio,que quiere decir,que queriendo decir,que significa,"
            "que es eso,que es esto,eso que es,esto que es,a que refiere,a que se refiere,como que,como asi,"
            "como dice,como dijo,que dijo,que dice,que me dice,que me ha dicho,mande,explicar otra vez,"
            "explica otra vez,explicarmelo,explicarme,explicar eso,explique*,expliq*,explica con,explica mejor,"
            "puede explicar,puede explicar otra vez,podria explicar*,podria explicarmelo,puede aclarar,aclarar,"
            "aclareme,barajemela*,barajeamela*,mas despacio,no se como se,no se como hacer*,no se donde esta,"
            "no se que tengo,no se que hacer,no se ni que,no se a que,no se de que,no se cual,no encuentro,"
            "no se que es,de que habla,de que me habla,no tiene sentido"
        ),
    },
    Sign.IDIOM: {
        0.0: (
            "no es que ~ mal,no es que ~ mala,no es que ~ malo,no llamo para ~ quej*,no llamo para ~ reclam*,"
            "no llame para ~ quej*,no quiero quejarme,en caso de problema,en caso de averia,que hago,que pasa,"
            "que cubre,si surge,si se cae,si se rompe,si se pierde,no hace falta,no es necesario,"
            "le entiendo perfectamente,entiendo perfectamente,perfectamente entendido,hoja de,reportar un cambio,"
            "reportar el cambio,no hay problema,no hay problemas,sin problema,sin problemas,ningun problema,"
            "no hay ningun problema,algun problema,alguna queja,algun error,alguna incidencia,no es problema,"
            "un problema menos,no hay cuidado,no pasa nada,no se preocupe,no te preocupes,mal que bien,como no,"
            "que tal,que va,no gracias,no muchas gracias,no muchisimas gracias,dar las gracias,marque mal,"
            "no es una queja,no es queja,el mal de,del mal,mal paso,ya entiendo,entiendo,si entiendo,le entiendo,"
            "ya comprendo,ya esta claro,esta claro,si esta claro,claro,eso es todo,nada mas,ya esta,esta bien,"
            "en caso de,si falla,si no funciona,por si,no me molesta,no molesta,si no es molestia,"
            "perdone la molestia,perdone que le moleste,disculpe la molestia,me va bien el,viene bien,"
            "el jueves va bien,el lunes va bien,el martes va bien,el miercoles va bien,el viernes va bien,"
            "no vengo a reclamar,no quiero reclamar,al peor de los casos,en el peor de los casos,a lo mejor,mejor,"
            "otra vez sera,sin falta,que no falte,robo de identidad,seguro de robo,repetir otra vez,repite otra vez,"
            "repita otra vez,decir otra vez,diga otra vez,digame otra vez,lo que dijo,lo que dice,lo que ha dicho,"
            "lo que decia,me han robado,por robo,tal vez,rato,no es urgente,rotonda,roturador"
        ),
    },
}

SPANISH: Final = SentimentLists(
    phrases=joined_phrases(_PHRASES, COMPLAINTS_ES, PATTERNS_ES),
    kinds=CLASSES_ES,
    negators=word_set("no nunca jamas tampoco sin ni nada ningun ninguna"),
    questioners=word_set("si hubiera hubiese algun alguna"),
    borders=word_set("y e o porque pues que cuando donde aunque entonces"),
    turnings=word_set("pero aunque sino excepto salvo hasta"),
    intensifiers=word_set(
        "muy super bastante tan demasiado realmente totalmente completamente mucho mucha muchisimo bien re requete "
        "harto verdaderamente sumamente extremadamente absolutamente cada"
    ),
    diminishers=word_set("poco poquito algo medio apenas casi ligeramente"),
    whole_confusions=phrase_set(
        "que,como,perdon,perdon que,perdone que,perdon como,perdone como,disculpe,disculpe que,disculpe como,eh,"
        "como como,que que,ah que,pero como,pero que"
    ),
    naming=word_set("llama llaman apellido apellida nombre correo titulada"),
    named=word_set(
        "calle plan paquete tarifa bono bar avenida colonia barrio hotel edificio tienda restaurante plaza cafeteria "
        "arroba"
    ),
    skippable=word_set("ha han he me te le lo la se nos les os ya todavia aun muy tan nada mas ni usted ustedes"),
)
