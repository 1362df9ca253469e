"""The machines that run a ROM of the system-level oracle, and when one of them is given up."""
import os
import shutil
import subprocess
import tempfile
import time

# ROMs that reset the processor and go on after it; elsewhere a reset ends the run of QEMU.
RESTARTING = {"faults", "init", "smm_shutdown"}
# ROMs whose processors wait for each other: TCG runs them in turns, whatever else the host does.
IN_TURNS = {"startup"}

SAMPLE = 0.05    # seconds between two looks at a running machine
IDLE = 2.0       # seconds: a machine of which no thread runs, and that writes nothing, has stopped
GIVEN_UP = b"KVM internal error"


def available(build, qemu):
    """Names of the machines that this host has; southgate is always one."""
    result = ["southgate"]
    if shutil.which(qemu):
        result.append("tcg")
        if os.access("/dev/kvm", os.R_OK | os.W_OK):
            result.append("kvm")
    return result


def command(machine, build, qemu, name, output):
    rom = os.path.join(build, "firmware", f"system-{name}.rom")
    if machine == "southgate":
        return [os.path.join(build, "southgate"), "run", "--firmware", rom, "--smp", "2", "--debugcon", output,
                "--debug-exit", "0x501", "--max-time", "10s"]
    if machine == "kvm":
        processor = ["-accel", "kvm", "-cpu", "host,-arch-capabilities"]
    else:
        turns = ",thread=single" if name in IN_TURNS else ""
        processor = ["-accel", f"tcg{turns}", "-cpu", "max,vendor=GenuineIntel"]
    restart = [] if name in RESTARTING else ["-no-reboot"]
    return [qemu, *processor, "-smp", "2", "-m", "128", "-nodefaults", "-display", "none", "-bios", rom, *restart,
            "-debugcon", f"file:{output}", "-global", "isa-debugcon.iobase=0x402",
            "-device", "isa-debug-exit,iobase=0x501,iosize=4"]


def activity(pid):
    """Seconds of processor time that the process has used, and whether one of its threads runs or waits to run."""
    ticks, running = 0, False
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/stat", encoding="latin-1") as file:
                fields = file.read().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
            running = running or fields[0] in "RD"
    except OSError:  # a thread, or the whole, ended in the meantime
        running = True
    return ticks / os.sysconf("SC_CLK_TCK"), running


def watch(process, output, errors, stall, timeout):
    """Waits for the end of QEMU. Kills it when it says that it gave up, when it has used `stall` seconds of processor time
    without a new character, when it has stopped, and after `timeout` seconds."""
    began = idle_since = time.monotonic()
    size, used_then = 0, 0.0
    while True:
        try:
            process.wait(SAMPLE)
            return
        except subprocess.TimeoutExpired:
            pass
        now = time.monotonic()
        used, running = activity(process.pid)
        new_size = os.path.getsize(output) if os.path.exists(output) else 0
        if new_size != size:
            size, used_then, idle_since = new_size, used, now
        if running:
            idle_since = now
        with open(errors, "rb") as file:
            gave_up = GIVEN_UP in file.read(4096)
        if gave_up or used - used_then > stall or now - idle_since > IDLE or now - began > timeout:
            process.kill()
            process.wait()
            return


def run(machine, build, qemu, name, stall, timeout):
    """The machine's whole lines. One that hangs or breaks off leaves fewer of them."""
    with tempfile.TemporaryDirectory() as scratch:
        output, errors = os.path.join(scratch, "output"), os.path.join(scratch, "errors")
        with open(errors, "wb") as sink, subprocess.Popen(
                command(machine, build, qemu, name, output), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=sink) as process:
            # southgate ends by itself and writes its text in large pieces.
            watch(process, output, errors, timeout if machine == "southgate" else stall, timeout)
        if not os.path.exists(output):
            return []
        with open(output, encoding="latin-1") as file:
            lines = file.read().split("\n")[:-1]
    for number, line in enumerate(lines):
        if line.startswith("unexpected"):  # behind a line that broke off
            return lines[: max(number - 1, 0)]
    return lines
