"""T13: many who create one name at once, over two servers on one database."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import requests

from tests.security.conftest import Serve

NAMES, CLIENTS = 10, 32


def test_cure53_pbl_15_005_passbolt_of_many_who_create_one_name_over_two_servers_one_succeeds(serve: Serve) -> None:
    endpoints, token = serve(2)
    barrier = Barrier(CLIENTS)

    def create(client: int) -> list[tuple[int, str]]:
        """Create every name, in a spelling of this client's own, each at the same moment as everybody else."""
        session, answers = requests.Session(), []
        session.headers["Authorization"] = f"Bearer {token}"
        for number in range(NAMES):
            name = spelled(f"person-{number}@example.com", client)
            barrier.wait(60)
            answer = session.post(f"{endpoints[client % 2]}/Users", json={"userName": name}, timeout=60)
            answers.append((answer.status_code, answer.json().get("scimType", "")))
        return answers

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = [answer for one in pool.map(create, range(CLIENTS)) for answer in one]
    assert Counter(answers) == {(201, ""): NAMES, (409, "uniqueness"): NAMES * (CLIENTS - 1)}
    for endpoint in endpoints:
        listed = requests.get(f"{endpoint}/Users", headers={"Authorization": f"Bearer {token}"}, timeout=10).json()
        assert {one["userName"].lower() for one in listed["Resources"]} == {
            f"person-{number}@example.com" for number in range(NAMES)
        }
        assert listed["totalResults"] == NAMES


def spelled(name: str, client: int) -> str:
    """Return the name with other letters in capitals for each client."""
    return "".join(letter.upper() if client >> (place % 5) & 1 else letter for place, letter in enumerate(name))
