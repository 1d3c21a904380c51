"""Load, resolve, validate and run a job of a Databricks bundle on one machine, without a workspace."""

from jobgraph.bundle import target_names
from jobgraph.errors import JobGraphError
from jobgraph.graph import ForEach, Job, RunIf, Task, in_order
from jobgraph.load import load_job, unresolved_references
from jobgraph.result import Event, Failure, JobResult
from jobgraph.run import run_job
from jobgraph.run_if import State
from jobgraph.steps import Step, plan_steps

__all__ = [
    "Event",
    "Failure",
    "ForEach",
    "Job",
    "JobGraphError",
    "JobResult",
    "RunIf",
    "State",
    "Step",
    "Task",
    "in_order",
    "load_job",
    "plan_steps",
    "run_job",
    "target_names",
    "unresolved_references",
]
