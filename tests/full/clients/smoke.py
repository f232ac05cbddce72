"""Speaks with a running demo through the client that was generated from the OpenAPI document."""

import json
import os

from client import AuthenticatedClient, Client
from client.api.area import area_create, area_delete, area_update
from client.api.lead import lead_list
from client.api.offer import offer_list, offer_view
from client.api.stat import stat_list
from client.models import AreaCreateBody, AreaCreateBodyKind, AreaUpdateBody

with open(os.environ["WHOCPA_DEMO"], encoding="utf-8") as file:
    demo = json.load(file)

guest = Client(base_url=demo["base_url"])
offers = offer_list.sync_detailed(client=guest, per_page=10)
assert offers.status_code == 200, offers
first = offers.parsed.objects[0]
view = offer_view.sync_detailed(first.id, client=guest)
assert view.parsed.object_.name == first.name
assert offer_view.sync_detailed(999_999_999, client=guest).status_code == 404
assert lead_list.sync_detailed(client=guest).status_code == 401
assert stat_list.sync_detailed(client=guest).status_code == 501

key = demo["webmasters"][0]["api_key"]
own = AuthenticatedClient(base_url=demo["base_url"], token=key, prefix="", auth_header_name="X-Api-Key")
leads = lead_list.sync_detailed(client=own, per_page=10)
assert leads.status_code == 200 and leads.parsed.total_count >= len(leads.parsed.objects)
made = area_create.sync_detailed(client=own, body=AreaCreateBody(kind=AreaCreateBodyKind(99), name="Made by the Python client"))
assert made.status_code == 201, made
changed = area_update.sync_detailed(made.parsed.created, client=own, body=AreaUpdateBody(comment="Changed"))
assert changed.parsed.updated == made.parsed.created
assert area_delete.sync_detailed(made.parsed.created, client=own).status_code == 200
print(f"Python client: {offers.parsed.total_count} offers, {leads.parsed.total_count} leads, an area made, changed and removed")
