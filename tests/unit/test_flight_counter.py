"""How often a client waited, from the messages that passed: `support.flights`, on which other tests rely.

Each line is a conversation in the letters of PostgreSQL's protocol: what the client sends stands after `>`,
and what the server sends after `<`.
"""

import pytest

from support.flights import FlightCounter


def count_flights(conversation: str) -> int:
    counter, flights = FlightCounter(), 0
    for turn in conversation.split():
        for kind in turn[1:]:
            if turn[0] == ">":
                flights += counter.send(kind.encode())
            else:
                counter.receive(kind.encode())
    return flights


@pytest.mark.parametrize(
    ("conversation", "flights"),
    [
        pytest.param(">Q <TDCZ", 1, id="a query"),
        pytest.param(">Q <TDCZ >Q <TDCZ", 2, id="two queries"),
        pytest.param(">PBDES <12TDCZ >PBDES <12TDCZ", 2, id="two statements, each with its Sync"),
        pytest.param(">PBDEPBDES <12TDC12TDCZ", 1, id="two statements with one Sync"),
        pytest.param(">PBDE <12TDDDDC >PBDES <12TDCZ", 1, id="rows that filled a buffer before the Sync"),
        pytest.param(">PBDE <N >PBDE <N >S <12TDC12TDCZ", 1, id="a notice at once"),
        pytest.param(">PBDE <E >PBDES <Z", 1, id="an error at once"),
        pytest.param(">PBDES >PBDES <12TDCZ >PBDES <12TDCZ12TDCZ", 1, id="not everything was answered"),
        pytest.param(">PBDEH <12TDC >PBDES <12TDCZ", 2, id="a Flush whose answer is there"),
        pytest.param(">PBDEH >PBDES <12TDC12TDCZ", 1, id="a Flush that nobody waited for"),
        pytest.param(">PBDEH <12TD >PBDES <C12TDCZ", 1, id="a Flush whose answer was incomplete"),
        pytest.param(">PBDE <12TDC >H >PBDES <12TDCZ", 2, id="a Flush after its answer"),
        pytest.param(">PBDEH <12E >S <Z >Q <CZ", 3, id="a Flush whose answer is an error"),
        pytest.param(">PBDESH <12TDCZ >Q <CZ", 2, id="a Flush behind the Sync"),
        pytest.param(">PBDES <12TDCZ >H >Q <CZ", 2, id="a Flush when all is there"),
        pytest.param(">PDS <1tTZ >BES <2DCZ", 2, id="prepared first"),
        pytest.param(">Q <G >dddc <CZ", 2, id="rows are sent once COPY has begun"),
        pytest.param(">Q <E >Q <Z", 1, id="an error before the server is ready"),
    ],
)
def test_counts_how_often_the_client_waited(conversation: str, flights: int) -> None:
    assert count_flights(conversation) == flights
