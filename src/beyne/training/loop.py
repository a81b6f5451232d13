"""The one training loop. With `state`, the only place that knows Hugging Face Accelerate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, broadcast_object_list
from torch import Tensor

from beyne.data import write_split
from beyne.errors import BeyneError, UsageError
from beyne.files import locked
from beyne.tasks.adversarial import Moment
from beyne.training.interrupt import Interrupt
from beyne.training.review import Review
from beyne.training.schedule import Intervals, chosen_precision, learning_rate, step_seed
from beyne.training.setup import Setup, keep_recipe
from beyne.training.tracker import Tracker
from beyne.zoo import LAST


@dataclass
class Listener:
    """Where a run reports to; the defaults keep silent."""

    message: Callable[[str], None] = lambda text: None
    #: images seen, images in all, newest values
    progress: Callable[[int, int, dict[str, float]], None] = lambda seen, total, values: None


class Loop:
    """Trains a `Setup` in its run folder."""

    def __init__(self, setup: Setup, run: Path, listener: Listener | None = None) -> None:
        self.setup, self.run, self.listener = setup, run, listener or Listener()
        self.train, self.state = setup.recipe.train, setup.state
        self.intervals = Intervals.of(setup.recipe)
        self.precision = chosen_precision(self.train.precision)
        mixed = "no" if self.precision == "fp32" else self.precision
        # Accelerate keeps the first precision for the whole process; a second run may want another.
        AcceleratorState._reset_state()
        # A discriminator runs twice before its backward; shared buffers would change in between.
        shared = DistributedDataParallelKwargs(broadcast_buffers=False)
        self.accelerator = Accelerator(mixed_precision=mixed, kwargs_handlers=[shared])
        self.device = self.accelerator.device
        self._check_shares()
        self.trouble = ""
        self.prepared = {
            name: self.accelerator.prepare(net) for name, net in self.state.nets.items()
        }
        self.state.average.to(self.device)
        self.setup.task.to(self.device)
        for name, optimizer in self.state.optimizers.items():
            self.state.optimizers[name] = self.accelerator.prepare(optimizer)
        self.review = Review(
            setup,
            run,
            self.device,
            self.precision,
            tell=lambda text: self.listener.message(text),
            agreed=self._agreed,
            autocast=self.accelerator.autocast,
            main=self.accelerator.is_main_process,
        )

    def fit(self) -> bool:
        """Train to the end, going on if the run was begun before; Ctrl-C saves and returns.

        Returns:
            Whether the run is finished.

        Raises:
            UsageError: The run was started with other settings, or another process trains it.
            BeyneError: A loss is no longer a number.
        """
        with locked(self.run) if self.accelerator.is_main_process else nullcontext():
            return self._fit()

    def _fit(self) -> bool:
        main = self.accelerator.is_main_process
        if main:
            keep_recipe(self.setup, self.run)
            setup = self.setup
            write_split(self.run / "split.csv", setup.split, setup.groups, setup.contents)
        began = self.state.load(self.run / "state")
        self.review.tracker = Tracker(self.run, self.state.images) if main else None
        for note in [] if began else self.setup.notes:
            self.listener.message(note)
        if self._ended():
            self.listener.message(
                f"{self.run} is finished ({self.state.images:,} images); "
                "a larger train.images goes on"
            )
            if not (self.run / "report.html").is_file():  # it was killed before that
                self.review.report(ended=True)
            return True
        if began:
            self.listener.message(f"going on at {self.state.images:,} images")
            self.state.go_on()
        with Interrupt(self.listener.message) as interrupt, ThreadPoolExecutor(1) as pool:
            upcoming = pool.submit(self._batches, self.state.images)
            while not self._ended() and not self._any(interrupt.asked):
                upcoming = self._step(upcoming, pool)
                self._after_step()
        if not self._ended():
            self.save()
            self.listener.message(
                f"stopped at {self.state.images:,} of {self._total():,} images, all saved; "
                "the same command goes on from here"
            )
        self.review.report(self._ended())
        return self._ended()

    def _any(self, here: bool) -> bool:
        """Whether it is so in any process, so that all leave at the same step."""
        flag = torch.tensor(float(here), device=self.device)
        return bool(self.accelerator.reduce(flag, "sum") > 0)

    def _agreed(self, values: dict[str, float]) -> dict[str, float]:
        """The main process's values, so that all decide alike."""
        (shared,) = broadcast_object_list([values])
        return dict(shared)

    def _ended(self) -> bool:
        total = self._total()
        return self.state.images >= total or self.state.stopped_of == total

    def _check_shares(self) -> None:
        processes = self.accelerator.num_processes
        share, rest = divmod(self.train.batch, processes)
        if rest or share % (self.train.micro_batch or share):
            raise UsageError(
                f"train.batch {self.train.batch} is not shared evenly by {processes} processes "
                f"in micro-batches of {self.train.micro_batch or share}",
                "choose a train.batch that is a multiple of both",
            )

    def probe(self, first: int = 0, steps: int = 10) -> float:
        """Seconds per optimiser step from ``first`` images on, without touching the run folder."""
        self.state.images = first
        with ThreadPoolExecutor(1) as pool:
            upcoming = pool.submit(self._batches, first)
            for step in range(steps + 2):
                if step == 2:  # the first steps also choose kernels and fill caches
                    started = time.perf_counter()
                upcoming = self._step(upcoming, pool)
        return (time.perf_counter() - started) / steps

    def _total(self) -> int:
        assert self.train.images is not None
        return self.train.images

    def _batches(self, first: int) -> list[dict[str, Tensor]]:
        """This process's micro-batches of the step that starts at image number ``first``."""
        share = self.train.batch // self.accelerator.num_processes
        first += self.accelerator.process_index * share
        micro = self.train.micro_batch or share
        starts = range(first, first + share, micro)
        return [self.setup.batches.batch(range(start, start + micro)) for start in starts]

    def _step(
        self, upcoming: Future[list[dict[str, Tensor]]], pool: ThreadPoolExecutor
    ) -> Future[list[dict[str, Tensor]]]:
        """One update of every network; meanwhile the next crops are cut."""
        batches = [
            {name: tensor.to(self.device) for name, tensor in batch.items()}
            for batch in upcoming.result()
        ]
        following = pool.submit(self._batches, self.state.images + self.train.batch)
        # Dropout and augmentation draw from torch's own generator; a resumed run draws the same.
        process = self.accelerator.process_index
        torch.manual_seed(step_seed(self.train.seed, self.state.images, process))
        step = self.state.images // self.train.batch
        moment = Moment(self.state.images, self.state.balance, step)
        for phase in self.setup.task.phases(moment):
            self._phase(phase, batches, moment)
        self.state.images += self.train.batch
        self.state.update_average(self.train.batch, self.train.ema_half_life)
        return following

    def _phase(self, phase: str, batches: list[dict[str, Tensor]], moment: Moment) -> None:
        # The other networks only judge or generate: no gradients, no exchange between processes.
        nets = self.state.nets | {phase: self.prepared[phase]}
        for name, learning in self.state.optimizers.items():
            for group in learning.param_groups:
                for parameter in group["params"]:
                    parameter.requires_grad_(name == phase)
        net, optimizer = nets[phase], self.state.optimizers[phase]
        for index, batch in enumerate(batches):
            last = index == len(batches) - 1
            with nullcontext() if last else self.accelerator.no_sync(net):
                with self.accelerator.autocast():
                    terms = self.setup.task.terms(phase, nets, batch, moment)
                self._add_up(terms, len(batches))
                loss = torch.stack(list(terms.values())).sum() / len(batches)
                self.accelerator.backward(loss)
        self._check_trouble()
        if self.train.clip:
            self.accelerator.clip_grad_norm_(net.parameters(), self.train.clip)
        for group in optimizer.param_groups:
            group["lr"] = self.learning_rate(moment.images, phase)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def _add_up(self, terms: dict[str, Tensor], parts: int) -> None:
        sums = self.state.sums
        for name, term in terms.items():
            value = float(term.detach())
            if not math.isfinite(value) and not self.trouble:
                self.trouble = f"the loss term '{name}' became {value}"
            total, count = sums.get(name, (0.0, 0.0))
            sums[name] = (total + value / parts, count + 1 / parts)

    def _check_trouble(self) -> None:
        """Stop every process as soon as one has lost its numbers."""
        if self._any(bool(self.trouble)):
            raise self._diverged(self.trouble or "a loss term of another process became no number")

    def _diverged(self, what: str) -> BeyneError:
        state = self.run / "state" / "state.pt"
        remedy = "lower train.learning_rate"
        if self.precision != "fp32":
            remedy = "lower train.learning_rate or set train.precision=fp32"
        if state.is_file():  # whose run goes on with its own settings only
            remedy = (
                f"the last good state is in {state}; begin a new run from it, "
                f"-o NEW --set train.start={self.run}, and {remedy}"
            )
        return BeyneError(f"{what} at {self.state.images:,} images", remedy)

    def learning_rate(self, images: int, net: str = "generator") -> float:
        """Of a network's optimiser at ``images`` seen, with what the guard has set."""
        return learning_rate(self.setup.recipe, images, self.state.balance, net)

    def _due(self, every: int) -> bool:
        """Whether the step just done passed a multiple of ``every`` images."""
        return self.state.images // every > (self.state.images - self.train.batch) // every

    def _after_step(self) -> None:
        seen, total, review = self.state.images, self._total(), self.review
        adversarial = self.setup.recipe.adversarial
        ended = seen >= total
        if self._due(self.intervals.log) or ended:
            means = {name: total / count for name, (total, count) in self.state.sums.items()}
            self.state.sums = {}
            review.record(means, learning_rate=self.learning_rate(seen - self.train.batch))
        if adversarial and adversarial.guard and self._due(self.intervals.guard):
            review.guard()
        if self._due(self.intervals.save) or ended:
            self._check_weights()
            review.validate()
            self.save()
            ended = self._ended()
        if self._due(self.intervals.preview) or ended:
            review.preview()
        self.listener.progress(seen, total, review.values)

    def save(self) -> None:
        """Write the state and ``last.safetensors``.

        Raises:
            BeyneError: The weights are no longer numbers; what was saved before stays.
        """
        self._check_weights()
        if self.accelerator.is_main_process:
            self.state.save(self.run / "state")
            self.review.save_model(LAST, {})
        if self.review.tracker:
            self.review.tracker.keep_seconds()

    def _check_weights(self) -> None:
        """Nothing that is no longer a number is judged or kept."""
        parameters = [p for net in self.state.nets.values() for p in net.parameters()]
        if not all(bool(torch.isfinite(parameter).all()) for parameter in parameters):
            raise self._diverged("weights became infinite or no number")
