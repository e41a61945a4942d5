"""Words that only look like SQL."""

import logging
from concurrent.futures import ThreadPoolExecutor

log = logging.getLogger(__name__)


class Robot:
    def execute(self, order: str) -> None:
        log.info("select one from agents and update it: %s", order)


def tell(robot: Robot, executor: ThreadPoolExecutor) -> None:
    robot.execute("update the list of agents, please")
    robot.execute("select")
    robot.execute("delete from this list what you do not like")
    executor.submit(print, "SELECT id FROM unknown_agents")
