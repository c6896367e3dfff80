"""The public list in the panel: owners change it, others look, customers see nothing of it."""

from db.tables.users import Edge, Role
from services.users.actor import Actor
from tests.integration.web.admin.conftest import Office
from tests.support.web import browser


async def test_an_owner_puts_a_paper_on_the_list_and_takes_it_off(own_office: Office) -> None:
    papers = own_office.services.instrument_list
    async with browser(own_office.app, own_office.of(Role.OWNER)) as olga:
        assert "Их пока нет." in (await olga.get("/admin/forecasts")).text
        wrong = await olga.post("/admin/forecasts", data={"paper": "NOSUCHPAPER", "model": "investment-risk"})
        assert wrong.status_code == 422
        assert "NOSUCHPAPER" in wrong.text
        for _ in range(2):
            added = await olga.post("/admin/forecasts", data={"paper": "gazp", "model": "investment-risk"})
        assert added.status_code == 422, "it is there already"
        (listed,) = await papers.all()
        page = (await olga.get("/admin/forecasts?done=listed")).text
        assert f'action="/admin/forecasts/{listed.id}/off"' in page
        assert "(GAZP," in page
        assert "&#34;Газпром&#34; (ПАО) ао" in page
        assert (await olga.post(f"/admin/forecasts/{listed.id}/off")).status_code == 303
        assert (await olga.post(f"/admin/forecasts/{listed.id}/off")).status_code >= 400
    assert [each.until is None for each in await papers.all()] == [False]


async def test_without_a_second_factor_there_is_nothing_to_press(own_office: Office) -> None:
    listed = await own_office.services.instrument_list.add("GAZP", actor=Actor(own_office.owner.id, Edge.WEB))
    async with browser(own_office.app, own_office.of(Role.OWNER), second_factor=False) as olga:
        page = (await olga.get("/admin/forecasts")).text
    assert "/second-factor?next=" in page
    assert f"/admin/forecasts/{listed.id}/off" not in page
    assert 'name="paper"' not in page


async def test_others_look_or_see_nothing(own_office: Office) -> None:
    for role, status in ((Role.ADMIN, 200), (Role.MODERATOR, 200), (None, 404)):
        async with browser(own_office.app, own_office.of(role)) as somebody:
            assert (await somebody.get("/admin/forecasts")).status_code == status
            assert (await somebody.post("/admin/forecasts", data={"paper": "GAZP"})).status_code in {403, 404}
    assert await own_office.services.instrument_list.all() == []
