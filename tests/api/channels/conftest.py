"""What the tests of channels start from."""

import pytest

from api.channels.channel_sale import Sale


@pytest.fixture
async def sale(api):
    sale = Sale(api, *await api.event_on_sale(seats=5))
    assert (await sale.put()).status_code == 200
    return sale
