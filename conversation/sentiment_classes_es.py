"""Kinds of Spanish words that patterns name: `@serves` is any form of what a company does for its callers."""

from collections.abc import Mapping
from typing import Final

from conversation.sentiment_lists import word_set
from conversation.spanish_verbs import told_of_others

_DOES: Final = told_of_others(
    "contest-ar respond-er atend-er/atiend resolv-er/resuelv:resuelto+resuelta solucion-ar arregl-ar repar-ar "
    "devolv-er/devuelv:devuelto+devuelta abon-ar reembols-ar reintegr-ar cumpl-ir avis-ar entreg-ar instal-ar "
    "gestion-ar tramit-ar respet-ar repon-er:repuesto+repusieron desbloque-ar correg-ir/corrig llam-ar notific-ar "
    "present-ar acud-ir"
) | word_set("viene vienen vino vinieron venido")
"""What a company is for: not doing it is a complaint, whoever did not do it."""

CLASSES_ES: Final[Mapping[str, frozenset[str]]] = {
    "does": _DOES,
    "serves": _DOES
    | word_set(
        "hace hacen hizo hicieron hecho da dan dio dieron dado dice dicen dijo dijeron dicho quiere quieren quiso "
        "quisieron sabe saben supo supieron puede pueden pudo pudieron podido pasa pasan mandan mando mandaron "
        "mandado envia envian envio enviaron enviado ponen puso pusieron explica explican explico explicaron "
        "explicado toma toman tomo tomaron cogen coge cogieron agarran traen trae trajeron trajo traido escucha "
        "escuchan escucharon informa informan informo informaron comunica comunican ayuda ayudan ayudo ayudaron "
        "ayudado"
    ),
    "resolve": word_set(
        "resolver resolverme resolverlo resolvermelo solucionar solucionarme solucionarlo arreglar arreglarlo "
        "arreglarme atender atenderme contestar contestarme responder responderme devolver devolverme ayudar "
        "ayudarme cobrar facturar entregar cumplir venir mandar enviar cancelar explicar explicarme avisar instalar "
        "reparar reponer hacer dar darme recibir conectar navegar funcionar ver usar trabajar entrar"
    ),
    "works": told_of_others(
        "funcion-ar conect-ar carg-ar enlaz-ar arranc-ar reconoc-er sincroniz-ar respond-er descarg-ar actualiz-ar "
        "grab-ar reproduc-ir vincul-ar marc-ar levant-ar jal-ar camin-ar agarr-ar timbr-ar son-ar/suen"
    )
    | word_set(
        "sirve sirven sirvio servia va van iba iban anda andan prende prenden prendio enciende encienden encendio "
        "abre abren abrio entra entran entro sale salen salio llega llegan llego llegado detecta detectan permite "
        "permiten deja dejan dejo pasa acepta aceptan acepto"
    ),
    "breaks": word_set(
        "corta cortan corto cortaba cae caen cayo caia cuelga cuelgan colgo apaga apagan apago reinicia reinician "
        "reinicio cierra cierran cerro bloquea bloquean bloqueo congela congelan congelo traba traban trabo atora "
        "atoran atoro pasma pasmo interrumpe interrumpen interrumpio desconecta desconectan desconecto desconfigura "
        "desconfiguro descompone descompuso estropea estropeo rompe rompio dana dano quema quemo calienta raya "
        "pixela cuelgan borra borro pierde pierden perdio escacharra escacharro jodio fastidio chafo averio"
    ),
    "broken": word_set(
        "bloqueado bloqueada bloqueados colgado colgada congelado congelada pasmado pasmada trabado trabada caido "
        "caida caidos caidas muerto muerta inservible atascado atascada atorado atorada frito frita fundido fundida "
        "tieso quemado danado danada danados golpeado golpeada incompleto incompleta vencido caducado descompuesto "
        "descompuesta roto rota rotos rotas abierto abierta equivocado equivocada defectuoso defectuosa"
    ),
    "lacking": word_set(
        "internet linea servicio senal luz telefono conexion wifi datos tono cobertura imagen sonido audio saldo "
        "megas agua gas television tele tv canales red electricidad acceso correo calefaccion"
    ),
    "period": word_set(
        "minuto minutos rato hora horas dia dias noche noches semana semanas mes meses ano anos quincena quincenas "
        "manana tarde lunes martes miercoles jueves viernes sabado domingo"
    ),
    "long": word_set("hora horas dia dias semana semanas mes meses ano anos quincena siglos eternidad"),
    "pestering": word_set(
        "esperando esperandolos esperandoles llamando llamandoles llamandolos intentando intentandolo tratando "
        "marcando pidiendo pidiendoles reclamando insistiendo peleando peleandome aguantando batallando sufriendo "
        "escribiendo escribiendoles detras colgado colgada parado parada rogando suplicando solicitando buscando "
        "luchando lidiando dando padeciendo pagando perdiendo"
    ),
    "times": word_set(
        "dos tres cuatro cinco seis siete ocho nueve diez doce quince veinte treinta cien mil varias muchas tantas "
        "muchisimas bastantes demasiadas infinidad multiples"
    ),
    "nth": word_set("segunda tercera cuarta quinta sexta septima octava novena decima enesima milesima ultima"),
    "takes": word_set(
        "cobran cobraron cobro cobrado cobrando cobrar quitan quitaron quito quitado descontaron descuentan "
        "descontado cargaron cargan cargado facturaron facturan facturado sacaron sacan retiraron retiran subieron "
        "suben subido aumentaron aumentan rebajaron debitaron cobraban cobra metieron meten"
    ),
    "unasked": word_set(
        "permiso avisar autorizacion autorizar consentimiento preguntar preguntarme preguntarnos consultar decirme "
        "decirnos pedirlo pedirla aviso motivo razon explicacion explicaciones justificacion firmar saberlo"
    ),
    "cuts": word_set(
        "cortaron cortan cortado suspendieron suspenden suspendido cancelaron desconectaron bloquearon bloqueado "
        "dieron quitaron cerraron"
    ),
    "sends_around": word_set(
        "pasan pasaron pasado pasando mandan mandaron mandado mandando traen trayendo llevan envian enviaron "
        "transfieren transfirieron tienen rebotan rebotaron derivan derivaron marean"
    ),
    "differs": word_set(
        "diferente diferentes distinta distintas distinto distintos contraria contrario contradictorias"
    ),
    "unserious": word_set(
        "seriedad respeto profesionalidad profesionalismo educacion etica verguenza consideracion atencion interes "
        "formalidad compromiso responsabilidad informacion comunicacion tacto empatia"
    ),
    "business": word_set("servicio compania empresa atencion gente manera forma trato seriedad organizacion panorama"),
    "fixed": word_set(
        "arreglado arreglada resuelto resuelta solucionado solucionada corregido corregida reparado reparada "
        "restablecido restablecida activado activada funcionando conectado conectada andando jalando instalado "
        "instalada"
    ),
    "fine": word_set(
        "bien perfecto perfecta genial estupendo estupenda excelente fenomenal padre padrisimo chido chida chevere "
        "bonito bueno buena buenisimo buenisima rico suave curado guay increible maravilla lujo pelos diez "
        "fantastico fantastica correcto impecable fenomeno divino"
    ),
    "people": word_set("profesionales cracks angeles soles maquinas fenomenos genios amores cielos encantos crack"),
    "angel": word_set("sol angel crack encanto cielo amor genio fenomeno maquina artista as santo tesoro ejemplo diez"),
    "grasps": word_set(
        "entiendo entendi entendido entender entendiendo comprendo comprendi comprender comprendido comprendiendo "
        "pillo pille pillado pillar capto capte captar captado cojo cogi cogido agarro agarre ubico ubique sigo "
        "seguido siguiendo aclaro ubicarme aclararme enterado entero entere enterando cacho cache"
    ),
    "asks_again": word_set(
        "repite repita repitame repitamelo repiteme repitemelo repetir repetirme repetirmelo repetirlo repetis "
        "repetiria explica explique expliqueme expliquemelo explicame explicamelo explicar explicarme explicarmelo "
        "aclara aclare aclareme aclarar aclararme aclararmelo detalla detallar deletrea desglosar"
    ),
    "finds": word_set(
        "encuentro encontre encontrar encontrarlo hallo halle veo localizo localice ubico aparece sale encontrado"
    ),
}
