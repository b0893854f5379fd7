"""What callers say: templates of sentences, and the words that fill their slots. Only data.

`TEMPLATES` teach the ear and its word pairs; `HELD_OUT` sentences use the same words in other ways and are only ever
heard in the benchmark. Changing a line changes the seeded lessons: train again afterwards.
"""

SLOTS: dict[str, tuple[str, ...]] = {
    "hello": ("hola", "buenos días", "buenas tardes", "buenas noches", "hola buenos días", "hola buenas tardes",
              "hola buenas", "buenas", "buen día", "hola qué tal", "aló", "diga", "bueno"),
    "please": ("", "", "por favor", "si es tan amable", "si no le importa", "cuando pueda"),
    "want": ("quiero", "quisiera", "necesito", "me gustaría", "deseo", "tengo que", "me interesa", "querría",
             "vengo a", "llamo para", "puedo", "podría"),
    "want_thing": ("quiero", "quisiera", "necesito", "me gustaría", "deseo", "busco", "solicito"),
    "service": ("internet", "el internet", "la línea", "el teléfono", "la televisión", "el celular", "el móvil",
                "la fibra", "el cable", "el wifi", "la señal", "la conexión", "el servicio"),
    "my_service": ("mi internet", "mi línea", "mi teléfono", "mi televisión", "mi celular", "mi móvil", "mi wifi",
                   "mi conexión", "mi servicio", "mi plan", "mi contrato", "mi cuenta", "mi suscripción"),
    "device": ("router", "módem", "decodificador", "aparato", "equipo", "teléfono", "televisor", "control", "cable",
               "computador", "ordenador", "repetidor"),
    "reset": ("reinicié", "apagué", "encendí", "desconecté", "conecté", "revisé", "probé", "cambié", "desenchufé",
              "moví", "reseteé"),
    "broken": ("no funciona", "no sirve", "se cae", "está lento", "va muy lento", "se corta", "no tiene señal",
               "no enciende", "está caído", "falla mucho", "no conecta", "se desconecta", "no carga", "no responde",
               "está muy mal", "funciona mal", "dejó de funcionar"),
    "since": ("desde ayer", "desde hoy", "desde esta mañana", "desde anoche", "desde la semana pasada", "hace una hora",
              "hace dos días", "hace un mes", "todo el día", "cada noche", "a cada rato", "desde el {weekday}",
              "hace {small} días", "hace {small} horas"),
    "light": ("luz roja", "luz verde", "luz naranja", "luz azul", "luz blanca"),
    "bill": ("factura", "cuenta", "boleta", "cuota", "mensualidad", "deuda", "recibo"),
    "billing_thing": ("el saldo de mi cuenta", "mi saldo", "mi factura", "mi última factura", "mi recibo", "mi deuda",
                      "el monto de mi factura", "el detalle de mi factura", "mis pagos", "mis datos",
                      "la fecha de vencimiento", "el importe", "el total", "mi cuenta", "mi cuota", "mis consumos"),
    "check": ("revisar", "consultar", "ver", "saber", "conocer", "confirmar", "verificar", "preguntar por",
              "comprobar", "actualizar", "pagar", "entender"),
    "pay_how": ("con tarjeta", "en efectivo", "por transferencia", "por internet", "en el banco", "con débito",
                "con crédito", "en cuotas", "por el sitio web", "en la oficina", "por la aplicación"),
    "change": ("cambiar", "mejorar", "bajar", "subir", "renovar", "contratar", "activar", "suspender", "pausar",
               "trasladar", "modificar"),
    "plan": ("plan", "paquete", "contrato", "servicio", "plan de datos", "plan familiar", "plan básico",
             "plan de internet", "plan más barato", "número", "titular"),
    "cancel": ("cancelar", "dar de baja", "terminar", "anular", "quitar", "cortar"),
    "person": ("una persona", "un agente", "un operador", "una operadora", "un humano", "un asesor", "una asesora",
               "el encargado", "el supervisor", "alguien", "un ejecutivo", "una ejecutiva", "un técnico",
               "el gerente", "recepción", "el departamento de ventas", "atención al cliente", "un representante"),
    "talk": ("hablar con", "que me atienda", "que me pase con", "comunicarme con", "que me comunique con",
             "que me transfiera a", "conversar con"),
    "mood": ("estoy molesto", "estoy molesta", "estoy muy enojado", "estoy enojada", "estoy cansado", "estoy harta",
             "estoy contento", "estoy decepcionado", "no estoy conforme", "estoy preocupado", "estoy muy contenta",
             "estoy satisfecho", "estoy feliz", "estoy desesperado", "estoy triste"),
    "why": ("con el servicio", "con la empresa", "con la factura", "con la atención", "porque nadie me ayuda",
            "porque siempre es lo mismo", "por la demora", "con ustedes", "porque me cobraron de más", "por el precio",
            "con la compañía", "porque nadie responde"),
    "doctor": ("el doctor", "la doctora", "el médico", "la médica", "el dentista", "la dentista", "el pediatra",
               "la ginecóloga", "el cardiólogo", "la dermatóloga", "el especialista", "la psicóloga", "el oculista",
               "el traumatólogo", "la enfermera", "la nutricionista"),
    "specialty": ("medicina general", "pediatría", "cardiología", "dermatología", "ginecología", "odontología",
                  "oftalmología", "traumatología", "psicología", "nutrición", "laboratorio", "radiografía",
                  "análisis de sangre", "vacunas", "urgencias", "rehabilitación"),
    "appointment": ("una cita", "una hora", "un turno", "una consulta", "una revisión", "una visita", "un control",
                    "una cita médica", "una limpieza", "una cita de control"),
    "patient": ("mi hijo", "mi hija", "mi madre", "mi padre", "mi esposo", "mi esposa", "mi abuela", "mi abuelo",
                "mi marido", "mi mujer", "mí", "mi hermano", "mi hermana", "un familiar", "mi bebé"),
    "symptom": ("me duele la cabeza", "me duele una muela", "me duele la espalda", "tengo fiebre", "tengo tos",
                "me duele el estómago", "estoy resfriado", "tengo alergia", "me siento mal", "me duele el pecho",
                "me duele la rodilla", "me duele la garganta", "tengo gripe", "estoy embarazada", "me caí"),
    "when": ("hoy", "mañana", "pasado mañana", "esta semana", "la próxima semana", "el próximo mes", "por la mañana",
             "por la tarde", "mañana por la mañana", "mañana por la tarde", "el {weekday}", "el {weekday} próximo",
             "el {date}", "el {weekday} {day}", "lo antes posible", "este {weekday}", "el {weekday} {time}",
             "hoy {time}", "mañana {time}", "{time}", "el fin de semana", "ahora", "ahora mismo", "después",
             "más tarde", "otro día", "esta tarde", "esta noche", "temprano"),
    "weekday": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "month": ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
              "noviembre", "diciembre"),
    "part": ("de la mañana", "de la tarde", "de la noche", "en punto", "", "", "del mediodía", "de la madrugada"),
    "name": ("maría", "josé", "juan", "ana", "luis", "carmen", "carlos", "laura", "pedro", "marta", "jorge", "elena",
             "miguel", "rosa", "antonio", "lucía", "francisco", "isabel", "javier", "patricia", "diego", "sofía",
             "andrés", "claudia", "pablo", "daniela", "ricardo", "valentina", "fernando", "camila", "alberto",
             "teresa", "manuel", "beatriz", "sergio", "paula", "raúl", "silvia", "roberto", "gabriela", "eduardo",
             "verónica", "ignacio", "natalia", "martín", "julia", "tomás", "andrea", "felipe", "mónica"),
    "surname": ("garcía", "gonzález", "rodríguez", "fernández", "lópez", "martínez", "sánchez", "pérez", "gómez",
                "martín", "jiménez", "ruiz", "hernández", "díaz", "moreno", "muñoz", "álvarez", "romero", "alonso",
                "gutiérrez", "navarro", "torres", "domínguez", "vázquez", "ramos", "gil", "ramírez", "serrano",
                "blanco", "molina", "morales", "suárez", "ortega", "delgado", "castro", "ortiz", "rubio", "marín",
                "soto", "rojas", "silva", "vargas", "castillo", "herrera", "medina", "flores", "reyes", "cruz"),
    "street": ("calle", "avenida", "plaza", "paseo", "pasaje", "camino"),
    "place": ("mayor", "libertad", "colón", "san martín", "independencia", "central", "del sol", "san josé",
              "constitución", "del mar", "la paz", "real"),
    "city": ("madrid", "barcelona", "sevilla", "valencia", "santiago", "lima", "bogotá", "méxico", "buenos aires",
             "quito", "montevideo", "zaragoza", "málaga", "guadalajara", "medellín", "asunción"),
    "mail_host": ("gmail", "hotmail", "outlook", "yahoo", "empresa", "correo", "clínica"),
    "mail_end": ("punto com", "punto es", "punto cl", "punto net", "punto org", "punto com punto mx"),
    "letter": ("a", "be", "ce", "de", "e", "efe", "ge", "hache", "i", "jota", "ka", "ele", "eme", "ene", "eñe", "o",
               "pe", "cu", "erre", "ese", "te", "u", "uve", "ve", "doble ve", "uve doble", "equis", "i griega", "ye",
               "zeta"),
    "yes": ("sí", "sí claro", "claro", "claro que sí", "por supuesto", "correcto", "exacto", "así es", "de acuerdo",
            "sí por favor", "eso es", "perfecto", "muy bien", "está bien", "vale", "ok", "bueno", "sí señor",
            "sí señorita", "sí sí", "afirmativo", "cierto", "desde luego", "sí correcto", "sí gracias", "sí eso"),
    "no": ("no", "no gracias", "no no", "para nada", "no por ahora", "todavía no", "creo que no", "ahora no",
           "no señor", "no señorita", "negativo", "de ninguna manera", "no es correcto", "no es eso", "nunca",
           "no no es así", "no sé", "no lo sé", "no quiero", "no puedo", "tampoco"),
    "backchannel": ("ajá", "mm", "ok", "sí", "sí sí", "claro", "ya", "ya veo", "entiendo", "vale", "bien", "ah", "eh",
                    "ah ya", "ah ok", "bueno", "perfecto", "entendido", "mmm", "ajá ajá", "ya ya", "ok ok"),
    "wait": ("espere", "espere espere", "un momento", "un momento por favor", "un segundo", "espere un momento",
             "perdón", "disculpe", "perdone", "no no espere", "momento", "pare", "deténgase", "escuche", "oiga",
             "déjeme hablar", "un minuto", "alto", "aguarde"),
    "thanks": ("gracias", "muchas gracias", "mil gracias", "gracias por su ayuda", "muchas gracias por todo",
               "se lo agradezco", "muy amable", "gracias muy amable", "le agradezco mucho", "gracias por todo"),
    "bye": ("adiós", "hasta luego", "chao", "hasta pronto", "hasta mañana", "que tenga un buen día", "nos vemos",
            "adiós gracias", "hasta luego gracias", "que le vaya bien", "buen día", "igualmente"),
    "more": ("eso es todo", "nada más", "eso sería todo", "con eso es suficiente", "por ahora nada más",
             "ya está todo", "no necesito nada más"),
    "say_again": ("no entiendo", "no le entiendo", "no le escucho", "no escucho bien", "puede repetir",
                  "me puede repetir por favor", "cómo dice", "cómo", "qué", "perdón no escuché", "repita por favor",
                  "más despacio por favor", "hable más alto", "otra vez por favor", "puede hablar más lento",
                  "se escucha mal", "se corta la llamada", "está ahí", "me oye", "me escucha"),
    "claim": ("me cobraron dos veces", "me cobraron de más", "la factura está mal", "ese cobro no es mío",
              "yo ya pagué", "ya pagué la semana pasada", "me llegó una factura muy alta", "no reconozco ese cobro",
              "pagué el {date}", "el monto no es correcto", "quiero hacer un reclamo", "quiero poner una queja",
              "no me llegó la factura", "me subieron el precio", "el pago no aparece", "perdí el recibo"),
    "how_much": ("cuánto debo", "cuánto tengo que pagar", "cuánto es", "cuánto cuesta", "cuánto cuesta el plan",
                 "cuánto vale", "cuál es mi saldo", "cuál es el precio", "cuánto me sale", "cuánto me falta",
                 "y cuánto es en total", "qué precio tiene", "cuánto cuesta la consulta", "cuánto debo pagar"),
    "when_is": ("cuándo vence", "y cuándo vence", "cuándo vence mi factura", "hasta cuándo puedo pagar",
                "cuándo tengo que pagar", "cuándo viene el técnico", "cuándo estará listo", "a qué hora abren",
                "a qué hora cierran", "cuándo es mi cita", "a qué hora es", "qué día es mi cita", "cuándo llega",
                "cuándo puedo ir", "qué horario tienen", "cuánto tiempo tarda", "y cuándo llega", "cuándo me llaman"),
    "where": ("dónde están", "dónde puedo pagar", "cuál es la dirección", "dónde queda la clínica",
              "dónde está la oficina", "cómo llego", "por dónde entro", "hay estacionamiento", "en qué piso es",
              "cuál es el teléfono", "cuál es el correo", "dónde queda la tienda"),
    "id_kind": ("mi número de cliente", "mi número", "mi número de cuenta", "mi teléfono", "mi documento", "mi dni",
                "mi código", "el número de contrato", "mi cédula", "el código postal", "mi número de teléfono",
                "el pedido", "mi clave", "el número de la factura", "mi celular", "el código"),
    "home": ("casa", "la casa", "mi casa", "la oficina", "mi trabajo", "la tienda", "el negocio", "mi piso",
             "mi departamento", "el hospital", "la clínica"),
    "money": ("pesos", "euros", "dólares", "soles", "céntimos"),
}  # fmt: skip

TEMPLATES: tuple[str, ...] = tuple(
    line.strip()
    for line in """
{hello}
{hello}
{yes}
{yes}
{no}
{backchannel}
{backchannel}
{wait}
{thanks}
{bye}
{thanks} {bye}
{say_again}
{no} {more}
no gracias eso es todo
no gracias {more}
{thanks} {more}
{hello} {my_service} {broken}
{my_service} {broken} {since}
hola mi internet no funciona
{service} {broken}
{hello} tengo un problema con {service}
tengo problemas con {my_service} {since}
no tengo {service} {since}
me quedé sin {service} en {home}
ya {reset} el {device} pero sigue igual
{reset} el {device} y nada
ya {reset} el {device} {small} veces
{reset} el {device} y ahora {broken}
el {device} tiene una {light}
hay una {light} en el {device}
el {device} {broken} {since}
la {light} está parpadeando
no hay ninguna luz en el {device}
sí sigue igual
no no ha cambiado nada
ya lo hice y sigue igual
ya lo intenté {small} veces
ya funciona {thanks}
necesito que venga un técnico {when}
puede venir el técnico {when}
estoy en {home} {when}
salgo de {home} a las {hour}
yo salgo {when}
{want} {check} {billing_thing} {please}
{hello} {want} {check} {billing_thing}
necesito revisar el saldo de mi cuenta
necesito revisar el salgo de mi cuesta
{want} revisar el salgo de mi cuesta
el salgo de mi cuesta
el saldo de mi cuenta {please}
me puede decir {billing_thing}
me da {billing_thing} {please}
{how_much}
{how_much} {please}
{when_is}
{when_is}
{where}
{claim}
{hello} {claim}
quiero pagar {pay_how}
puedo pagar {pay_how}
voy a pagar {when} {pay_how}
{want} pagar mi {bill} {pay_how}
la {bill} de {month} {please}
mi {bill} es de {number} {money}
pagué {number} {money}
son {number} {money}
me cobraron {number} {money}
cuesta {number} {money}
{number} {money}
{number}
{number}
{number}
{want} {cancel} {my_service}
quiero {cancel} mi servicio
{hello} {want} {cancel} mi {plan}
{cancel} {my_service}
ya no quiero {service}
me voy a cambiar de compañía
porque es muy caro
porque encontré algo más barato
porque me voy a mudar
porque no lo uso
{mood} {why}
{mood} {why}
{hello} {mood} {why}
{mood}
esto es una vergüenza
el servicio es muy malo
el servicio es excelente
llevo {small} días esperando
llevo mucho tiempo esperando
es la {ordinal} vez que llamo
nadie me da una solución
{want} {change} mi {plan}
{want} {change} de {plan}
qué planes tienen
tienen alguna oferta
tienen alguna promoción para clientes
hay algún descuento
me interesa el {plan}
{want} {talk} {person}
quiero hablar con una persona
{talk} {person} {please}
me puede pasar con {person}
páseme con {person} {please}
{hello} {want} {talk} {person}
no quiero hablar con una máquina
usted es una máquina
es usted una persona
quiero {appointment}
{want_thing} {appointment} {please}
{want_thing} {appointment} con {doctor}
{want_thing} {appointment} de {specialty}
{want_thing} {appointment} para {patient}
{hello} {want_thing} {appointment} para {when}
{want_thing} {appointment} con {doctor} {surname} {when}
{want} cambiar mi cita
{want} cambiar mi cita para {when}
{want} cancelar mi cita
{want} cancelar la cita del {weekday}
{want} confirmar mi cita de {when}
tengo {appointment} {when}
tiene hora {when}
hay hora con {doctor} {when}
atiende {doctor} {when}
no puedo ir {when}
es para {patient}
{symptom}
{symptom} {since}
es la primera vez
es urgente
es una emergencia
soy paciente nuevo
tengo seguro
tengo seguro médico
no tengo seguro
aceptan mi seguro
tengo que ir en ayunas
están listos mis resultados
{want} mis resultados de {specialty}
{when}
{when}
{when} {please}
{when} está bien
prefiero {when}
mejor {when}
{when} no puedo
puede ser {when}
el {weekday} {time}
el martes a las diez de la mañana
el {date}
nací el {date} de {year}
el {date} de {year}
{time}
{time} {please}
a cualquier hora
me llamo {name} {surname}
mi nombre es {name} {surname}
soy {name} {surname}
{name} {surname}
{name} {surname} {surname}
habla {name} {surname}
{hello} soy {name}
{name}
{surname}
a nombre de {name} {surname}
el titular es {name} {surname}
el titular soy yo
{id_kind} es {digits}
{id_kind} es el {digits}
mi número de cliente es {digits}
mi número de cliente es uno dos tres cuatro cinco seis
es el {digits}
{digits}
{digits}
{digits}
{pairs}
{id_kind} es {pairs}
apunte {digits}
se escribe {letters}
{letters}
{letters}
{letters} {digits}
se deletrea {letters}
{letter} de {name}
con {letter}
mi correo es {mail}
{mail}
{mail}
mi email es {mail}
vivo en la {street} {place} número {number}
mi dirección es {street} {place} {number}
{street} {place} {number}
vivo en {city}
soy de {city}
llamo de {city}
en {city}
no me acuerdo
no lo tengo a mano
no lo recuerdo
no tengo el número
un momento lo busco
ya lo tengo
no sé mi número de cliente
eso no es lo que pregunté
no quiero eso
quiero otra cosa
tengo una pregunta
tengo una consulta
tengo otra pregunta
una pregunta más
una cosa más
me puede ayudar
necesito ayuda {please}
puede ayudarme con {billing_thing}
me pueden llamar {when}
llámeme {when}
me llamaron de este número
quién habla
con quién hablo
de dónde llama
para qué me llama
número equivocado
no estoy interesado
no me interesa {thanks}
no vuelva a llamar
no es buen momento
estoy ocupado
estoy conduciendo
mándeme un mensaje
envíeme un correo
me lo puede enviar por correo
me lo puede mandar por whatsapp
el {device} {please}
el {plan} {please}
la {bill} {please}
la primera
la segunda opción
el primero
el {ordinal} piso
la última
las dos
los dos
ninguna
ninguno
cualquiera
todo
todos
todo bien
más o menos
depende
quizás
tal vez
a lo mejor
puede ser
no estoy seguro
no estoy segura
creo que sí
me parece bien
lo voy a pensar
lo siento
no importa
no pasa nada
con permiso
con mucho gusto
encantado
igual que antes
lo mismo de siempre
""".strip().splitlines()
)

HELD_OUT: tuple[str, ...] = tuple(
    line.strip()
    for line in """
hola necesito pagar la factura de {month} {pay_how}
me cobraron {number} {money} y yo ya pagué
mi teléfono no funciona desde ayer por la tarde
el módem tiene la luz roja y no conecta
quisiera hablar con el supervisor ahora mismo
prefiero una cita el {weekday} {time}
mi hija tiene fiebre y necesito una consulta
la cita es para mi padre {name} {surname}
sí quiero cambiar la cita para el {date}
no puedo el {weekday} mejor el {weekday}
mi documento es {digits} y mi nombre es {name}
el código es {letters} {digits}
mi correo electrónico no es ese es {mail}
buenas tardes quiero cancelar el contrato porque es muy caro
por qué me llegó una factura tan alta
la dirección es {street} {place} número {number} en {city}
ya pagué {number} {money} el {date}
sí soy {name} {surname} el titular de la cuenta
no gracias no quiero otro plan
puede repetir el número por favor
entonces cuándo viene el técnico a mi casa
desde esta mañana no tengo señal en el televisor
cuánto cuesta el plan familiar con televisión
{digits}
{number} {money}
sí claro
no todavía no
ajá
sí
no
mm
ok
muchas gracias hasta luego
un momento por favor no tengo el número
necesito ayuda con mi contrato de internet
estoy cansada de esperar quiero una solución
""".strip().splitlines()
)

EXTRA_WORDS = [
    "electrónico",
    "entonces",
    "tan",
    "esperar",
    "cansada",
    "enojado",
    "enojada",
    "preocupada",
    "molesta",
    "contenta",
    "tarjeta",
    "vencimiento",
    "oferta",
    "descuento",
    "arroba",
    "punto",
    "guion",
    "bajo",
    "raya",
    "barra",
    "mayúscula",
    "minúscula",
    "mil",
    "millón",
    "cien",
    "primera",
    "usted",
    "señor",
    "señora",
    "gracias",
    "favor",
    "correo",
    "página",
    "web",
    "internet",
]
"""Words of held-out sentences and of neighbouring fields that no template speaks."""
