"""From the config to the shelf from which gateways fetch their files: one device each, a token each."""

from collections.abc import Collection
from ipaddress import ip_network
from pathlib import Path

from device_server.manifest import load_manifest, manifest_file, write_manifest
from device_server.shelf import ShelvedDevice
from fxo_templates.device import produce
from provisioning.devices import device_of, learned_profile
from provisioning.model.gateway import FXOGatewayConfig
from provisioning.model.secrets import SecretStore, gathered
from provisioning.model.telephony import TelephonyReceptionConfig
from vocabulary.errors import ConfigurationError


def token_secret(gateway: str) -> str:
    """Return the name of a gateway's token in the secret store."""
    return f"token-{gateway}"


def shelf_of(
    config: TelephonyReceptionConfig,
    folder: Path,
    store: SecretStore,
    base_url: str,
    before: Collection[ShelvedDevice] = (),
    rearm: Collection[str] = (),
) -> list[ShelvedDevice]:
    """Return the devices that fetch files; those set up by hand are left out.

    `folder` is the config's, `base_url` like `http://192.168.1.10:8089`. A file that a gateway has taken is served
    once more only as a new edition: when it changed since `before`, or its gateway is in `rearm`.
    Raises: ConfigurationError naming the gateway's field.
    """
    unknown = sorted(set(rearm) - set(config.all_gateways()))
    if unknown:
        raise ConfigurationError(f"there is no gateway {unknown[0]!r} to serve once more")
    secrets = gathered(config, store)
    earlier = {device.id: device for device in before}
    devices = []
    for name, gateway in config.all_gateways().items():
        token = store.read_or_make(token_secret(name))
        profile = learned_profile(config, name, folder)
        files = produce(device_of(config, name, secrets, profile, f"{base_url}/{token}")).files
        if not files:
            continue
        old = earlier.get(name)
        edition = old.edition if old else 1
        if old is not None and (old.files != files or name in rearm):
            edition += 1
        clients = tuple(ip_network(network) for network in _networks(gateway, config))
        if not clients:
            raise ConfigurationError(f"{config.key_of(name)}.ip is missing: from where does it fetch its file?")
        devices.append(ShelvedDevice(name, token, clients, files, True, edition))
    return devices


def publish(
    config: TelephonyReceptionConfig, path: Path, store: SecretStore, base_url: str, rearm: Collection[str] = ()
) -> tuple[Path, list[ShelvedDevice]]:
    """Write the shelf into `gateway-files/` beside the config; return its manifest and its devices.

    Raises: ConfigurationError, BadManifest.
    """
    folder = path.resolve().parent
    shelf = folder / "gateway-files"
    before = load_manifest(shelf) if manifest_file(shelf).is_file() else ()
    devices = shelf_of(config, folder, store, base_url, before, rearm)
    return write_manifest(shelf, devices), devices


def _networks(gateway: FXOGatewayConfig, config: TelephonyReceptionConfig) -> tuple[str, ...]:
    """Return from where a gateway may fetch: its own address, else its permits, else the LAN."""
    if gateway.ip and not any(character.isalpha() for character in gateway.ip):
        return (gateway.ip,)
    return gateway.permit or config.site.network.local_networks
