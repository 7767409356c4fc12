"""Whether a task is well, by its containers' checks and its targets', as the service scheduler sees it.

Sources: Amazon ECS API reference, "DeploymentConfiguration", minimumHealthyPercent; ECS developer guide, "Amazon ECS
service unhealthy event messages" (read 2026-11-21).
"""

from opencode_local.containers.task import Task

IN_SERVICE = frozenset({"healthy", "unavailable"})
"""`unavailable`: health checks are off."""


def is_healthy(task: Task, now: float, settled_s: float) -> bool:
    """Of a RUNNING task. One without any check is, once it has run for `settled_s`."""
    has_check = any(run.health.check for run in task.containers if run.container.essential)
    if has_check and task.health_status != "HEALTHY":
        return False
    if task.targets:
        return all(exposure.group.health(target).state in IN_SERVICE for exposure, target in task.targets)
    return has_check or now - (task.running_since or now) >= settled_s


def unhealthy_reason(task: Task) -> str:
    """What is wrong with it, in the words of ECS's event; empty when nothing is known to be."""
    if task.health_status == "UNHEALTHY":
        return f"(task {task.id}) failed container health checks."
    for exposure, target in task.targets:
        health = exposure.group.health(target)
        if health.state == "unhealthy":
            where = f"(port {exposure.port}) is unhealthy in (target-group {exposure.group.name})"
            return f"(task {task.id}) {where} due to (reason {health.description or health.reason})."
    return ""
