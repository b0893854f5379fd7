"""The commands with which an integrator wires telephones: config, gateways, trunks, numbers, installation, audit.

Knows `provisioning` and `fxo_templates`; the commands only read, ask, show and call.
"""
