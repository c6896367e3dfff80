"""What every endpoint needs: the world and the person that its path names."""

from typing import Annotated

from fastapi import Depends, HTTPException, Request

from sandbox.clock import Clock
from sandbox.cloudpayments.site import Site, Sites
from sandbox.comfyui.server import ComfyUI, Servers
from sandbox.telegram.people import Person
from sandbox.telegram.world import World, Worlds
from sandbox.yookassa.shop import Shop, Shops


async def get_worlds(request: Request) -> Worlds:
    worlds = request.app.state.worlds
    assert isinstance(worlds, Worlds)
    return worlds


AllWorlds = Annotated[Worlds, Depends(get_worlds)]


async def get_world(bot: int, worlds: AllWorlds) -> World:
    world = worlds.by_bot(bot)
    if world is None:
        raise HTTPException(404, f"there is no bot {bot}")
    return world


OneWorld = Annotated[World, Depends(get_world)]


async def get_person(person_id: int, world: OneWorld) -> Person:
    person = world.people.get(person_id)
    if person is None:
        raise HTTPException(404, f"there is no person {person_id}")
    return person


OnePerson = Annotated[Person, Depends(get_person)]


async def get_clock(worlds: AllWorlds) -> Clock:
    return worlds.clock


OneClock = Annotated[Clock, Depends(get_clock)]


async def get_shops(request: Request) -> Shops:
    shops = request.app.state.shops
    assert isinstance(shops, Shops)
    return shops


AllShops = Annotated[Shops, Depends(get_shops)]


async def get_shop(world: OneWorld, shops: AllShops) -> Shop:
    shop = shops.by_bot(world.bot_id)
    assert shop is not None
    shop.expire()
    return shop


OneShop = Annotated[Shop, Depends(get_shop)]


async def get_sites(request: Request) -> Sites:
    sites = request.app.state.sites
    assert isinstance(sites, Sites)
    return sites


AllSites = Annotated[Sites, Depends(get_sites)]


async def get_site(world: OneWorld, sites: AllSites) -> Site:
    site = sites.by_bot(world.bot_id)
    assert site is not None
    return site


OneSite = Annotated[Site, Depends(get_site)]


async def get_servers(request: Request) -> Servers:
    servers = request.app.state.servers
    assert isinstance(servers, Servers)
    return servers


AllServers = Annotated[Servers, Depends(get_servers)]


async def get_comfyui(world: OneWorld, servers: AllServers) -> ComfyUI:
    server = servers.by_bot(world.bot_id)
    assert server is not None
    return server


OneComfyUI = Annotated[ComfyUI, Depends(get_comfyui)]
