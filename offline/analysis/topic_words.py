"""Words and phrases that tell what is talked about; plain, without accents; a trailing `*` stands for any ending."""

from collections.abc import Mapping
from typing import Final

SPANISH: Final[Mapping[str, str]] = {
    "billing": "factur* | recibo | recibos | me cobr* | me han cobrado | cobro | cobros | cargo"
    " | cargos | cuota | cuotas"
    " | mensualidad | boleta | estado de cuenta | importe | penalizacion | recargo",
    "account_balance": "saldo | cuanto debo | que debo | deuda | deudas | adeudo | pendiente de pago"
    " | cuanto tengo pendiente",
    "payments": "pago con | pagar | pague | pago en | el pago | un pago | pagos | transferencia"
    " | transferi | domicili*"
    " | bizum | a plazos | fraccion* | aplazamiento | abonar | tarjeta de credito | con tarjeta | cuenta bancaria"
    " | comprobante",
    "refunds": "reembols* | devolucion* | devuelv* el dinero | devuelvan | devolver el dinero | devuelven el dinero"
    " | reintegr* | abono | abonos | me regresen | regresar el dinero | me devuelv* | mi dinero",
    "technical_support": "averia* | no funciona* | no enciende | no arranca | estropead* | se estropeo"
    " | error | errores"
    " | fallo | fallos | falla | fallas | reinici* | tecnico | tecnicos | soporte | no sirve | no jala | roto | rota"
    " | incidencia* | reparar | reparacion | se apaga | parpadea",
    "internet_connectivity": "internet | wifi | wi fi | router | modem | fibra | conexion | sin red | adsl | megas"
    " | velocidad de | ancho de banda | navegar",
    "phone_line": "movil | moviles | celular | fijo | linea | lineas | cobertura | tarjeta sim | sim"
    " | roaming | llamadas"
    " | sin senal | no da senal | no hay senal | tono | mensajes de texto",
    "television": "tele | television | canal | canales | deco | decodificador | futbol | series | mando a distancia",
    "cancellation": "darme de baja | dar de baja | dado de baja | doy de baja | la baja | de baja"
    " | cancel* | anul* el"
    " | anular | rescind* | me voy a la competencia | me voy a otra | dejar la compania | quitar el servicio",
    "contract": "contrato | contratos | permanencia | condiciones | poliza | clausula* | renov*",
    "offers": "oferta | ofertas | promocion* | descuento* | rebaja* | tarifa | tarifas | plan | planes | paquete de"
    " | mas barata | mas barato | presupuesto",
    "appointments": "cita | citas | hora con | pedir hora | turno | reservar | reserva | consulta | agend* | visita",
    "delivery": "pedido | pedidos | paquete | paquetes | envio | envios | entrega | entregas | reparto | repartidor"
    " | mensajero | transportista | rastre*",
    "account_access": "contrasena* | clave | claves | pin | usuario | bloquead* | iniciar sesion"
    " | acceder | entrar en mi"
    " | entrar a mi | codigo de verificacion | acceso a mi | password",
    "personal_data": "domicilio | mudado | mudanza | mi correo | correo electronico | mi direccion"
    " | cambie de direccion"
    " | cambiar la direccion | mis datos | titular | mi apellido | mi nombre esta | actualizar mi* | mi email"
    " | nuevo telefono | datos personales",
    "customer_service": "queja* | quejar* | reclam* | supervisor* | encargad* | maleducad* | grosero | me atend*"
    " | atencion al cliente | me trat* | trato | mal atendid* | esperando al telefono | nadie me | hoja de reclam*"
    " | una persona | un agente | operador | operadora",
    "installation": "instal* | tecnico instalador | cablead* | pasar el cable | fachada",
    "portability": "portabilidad | portar | porta el numero | conserv* mi numero"
    " | conservando el numero | mi numero de otra"
    " | traer mi numero | mantener mi numero",
}
ENGLISH: Final[Mapping[str, str]] = {
    "billing": "bill | bills | billing | invoice* | charge | charges | charged | overcharged | statement",
    "account_balance": "balance | how much do i owe | owe | debt",
    "payments": "pay | paid | payment* | direct debit | instalment* | by card",
    "refunds": "refund* | money back | reimburse*",
    "technical_support": "not working | does not work | broken | error | fault | engineer | technician | restart*"
    " | technical support | will not turn on",
    "internet_connectivity": "internet | wifi | router | modem | broadband | fibre | fiber | connection",
    "phone_line": "phone line | landline | signal | sim | roaming | coverage | mobile",
    "television": "tv | television | channel | channels | set top box",
    "cancellation": "cancel* | terminate | close my account | stop the service",
    "contract": "contract | terms | policy | renew*",
    "offers": "offer | offers | discount* | promotion* | deal | deals | tariff | cheaper",
    "appointments": "appointment* | booking | book a | reschedule | slot",
    "delivery": "order | orders | parcel* | package | delivery | delivered | courier | shipment | tracking",
    "account_access": "password* | log in | login | sign in | locked out | pin | username",
    "personal_data": "my address | my email | my details | changed my | my surname | moved house",
    "customer_service": "complain* | complaint* | supervisor | manager | rude | agent | representative",
    "installation": "install* | installation | wiring",
    "portability": "keep my number | port my number | portability",
}
EVERYDAY: Final = frozenset({"linea de metro", "canal de isabel", "red del", "que plan habla", "cita a un"})
"""Phrases whose words mean something else here than in business."""
