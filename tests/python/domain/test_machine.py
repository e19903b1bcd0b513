"""A machine is who its log says it is, and a log that says nothing, or several things, names none."""

import pytest

from fabricant.domain.machine import Machine, MachineUnknown, SeveralMachines, machine_of
from fabricant.domain.shdr import parse
from fabricant.errors import InvalidInput

T = "2026-02-17T08:00:00Z"
MILL = Machine(maker="Nonesuch", model="M-1", serial="0042")


def machine(*lines: str) -> Machine:
    return machine_of(parse("\n".join(lines).encode()))


def test_commands_name_the_machine():
    assert (
        machine("* manufacturer: Nonesuch", "* nativeName: M-1", "* serialNumber: 0042", f"{T}|a|1") == MILL
    )


def test_keys_name_the_machine_with_or_without_a_device():
    assert machine(f"{T}|manufacturer|Nonesuch|Machine_Model|M-1|serial_number|0042") == MILL
    assert machine(f"{T}|mill:maker|Nonesuch|mill:model|M-1|mill:SerialNumber|0042") == MILL


def test_a_list_names_the_machine_and_the_operating_systems_serial_number_does_not():
    assert (
        machine(
            f"{T}|OperatingSystemAll|Name = Windows;Serial Number = 00380-71600;"
            "|ApplicationAll|CAS Model Data = M-1;Note = ;Manufacturer = Nonesuch;Serial Number = 0042;"
        )
        == MILL
    )
    with pytest.raises(MachineUnknown, match="does not name the machine's serial number"):
        machine(
            "* manufacturer: Nonesuch", "* model: M-1", f"{T}|os|Name = Windows;Serial Number = 00380-71600;"
        )


def test_a_list_with_a_maker_alone_is_about_something_else():
    system = f"{T}|os|Name = Windows;Manufacturer = Microsoft;"
    assert machine(system, f"{T}|all|Manufacturer=Nonesuch;Model=M-1;Serial Number=0042;") == MILL


def test_commands_come_before_keys_and_keys_before_lists():
    assert (
        machine(
            f"{T}|serialNumber|key|all|Manufacturer=Nonesuch;Model=list;Serial Number=list;",
            "* manufacturer: Nonesuch",
            "* model: M-1",
            "* serialNumber: 0042",
        )
        == MILL
    )
    assert machine(f"{T}|serialNumber|0042|all|Manufacturer=Nonesuch;Model=M-1;Serial Number=list;") == MILL


@pytest.mark.parametrize("nothing", ["", "UNAVAILABLE", "N/A", "[N/A]"])
@pytest.mark.parametrize(("missing", "what"), [(0, "maker"), (1, "model"), (2, "serial number")])
def test_what_the_log_does_not_name_is_said(missing: int, what: str, nothing: str):
    lines = ["* manufacturer: Nonesuch", "* model: M-1", "* serialNumber: 0042"]
    lines[missing] = lines[missing].partition(":")[0] + f": {nothing}"
    with pytest.raises(MachineUnknown, match=f"does not name the machine's {what}") as caught:
        machine(*lines)
    assert caught.value.what == what
    assert caught.value.exit_code == 2


def test_a_name_may_be_repeated_but_not_changed():
    lines = ("* manufacturer: Nonesuch", "* model: M-1", "* serialNumber: 0042")
    assert machine(*lines, *lines) == MILL
    with pytest.raises(SeveralMachines, match=r"more than one serial number \(0042, 0043\)") as caught:
        machine(*lines, "* serialNumber: 0043")
    assert caught.value.values == ("0042", "0043")


@pytest.mark.parametrize("serial", ["0042\u202e", "00\u200b42", "0\x1b[2J", "0" * 81, "\ud800"])
def test_f071_a_name_that_is_not_what_it_looks_like_is_refused(serial: str):
    with pytest.raises(InvalidInput, match="cannot stand on a machine's name plate") as caught:
        Machine(maker="Nonesuch", model="M-1", serial=serial)
    assert str(caught.value).isprintable()


def test_the_sample_is_from_a_machine_that_does_not_exist(sample_log: bytes):
    assert machine_of(parse(sample_log)) == Machine(
        maker="Nonesuch Machine Works (fictional)", model="Imaginaria 400", serial="NMW-0417"
    )


def test_the_real_log_is_from_serial_p229810(real_log: bytes):
    assert machine_of(parse(real_log)) == Machine(
        maker="OKUMA", model="MMD-MULTU3000-30HA-Z229810A", serial="P229810"
    )
