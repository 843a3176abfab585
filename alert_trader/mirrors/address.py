"""Show the archive's address without the credentials that it may carry."""

_HARMLESS = {"region", "scheme", "endpoint_override", "allow_bucket_creation", "tls_verify_certificates"}
"""Query parameters of pyarrow's addresses that are no secret; every other one may be."""

HIDDEN = "********"


def without_credentials(place: str) -> str:
    """Return an address of a folder or a URI, its user, password and unknown parameters hidden."""
    scheme, is_uri, rest = place.partition("://")
    if not is_uri:
        return place
    # a secret that is not percent-encoded may have any character: everything up to the last @ is hidden
    credentials, has_credentials, rest = rest.rpartition("@")
    del credentials
    location, has_query, query = rest.partition("?")
    shown = f"{scheme}://{f'{HIDDEN}@' if has_credentials else ''}{location}"
    if not has_query:
        return shown
    pairs = (each.partition("=") for each in query.split("&"))
    kept = (f"{name}={value if name in _HARMLESS else HIDDEN}" for name, _, value in pairs)
    return f"{shown}?{'&'.join(kept)}"
