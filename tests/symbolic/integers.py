"""cvc5 as a command that answers one SMT-LIB file of halmos: it takes words of 256 bits for integers.

Products and quotients of amounts are beyond solvers that look at every bit. Quotients mean what they mean in
the EVM; products mean nothing at first: what holds for any symmetric function in their place holds for them.
"""

import sys
from pathlib import Path

import cvc5

LOGIC = "(set-logic QF_AUFBV)"  # it has no integers
WORD = "(_ BitVec 256)"
QUOTIENT = "(ite (= y (_ bv0 256)) (_ bv0 256) (bvudiv x y))"
PRODUCT = "(bvmul x y)"
ANY = f"(set-logic ALL)\n(declare-fun any ({WORD} {WORD}) {WORD})\n"
ANY_PRODUCT = "(ite (bvule x y) (any x y) (any y x))"
MILLISECONDS = 5_000  # for the attempt with any product


def main(file: str) -> None:
    """Print what the solver answers to the file's commands."""
    script = define(Path(file).read_text(encoding="utf-8").replace(LOGIC, ""), "bvudiv", QUOTIENT)
    answer = solve(ANY + define(script, "bvmul", ANY_PRODUCT), MILLISECONDS)
    print(answer if answer.startswith("unsat") else solve(define(script, "bvmul", PRODUCT)), end="")


def define(script: str, function: str, meaning: str) -> str:
    """The script with a meaning for a function that halmos declares only."""
    declared = f"(declare-fun f_evm_{function}_256 ({WORD} {WORD}) {WORD})"
    defined = f"(define-fun f_evm_{function}_256 ((x {WORD}) (y {WORD})) {WORD} {meaning})"
    return script.replace(declared, defined)


def solve(script: str, milliseconds: int = 0) -> str:
    """The answers to all commands of a script; no limit of time if it is zero."""
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("produce-models", "true")
    solver.setOption("solve-bv-as-int", "sum")
    solver.setOption("tlimit-per", str(milliseconds))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "halmos")
    answers = ""
    while not (command := parser.nextCommand()).isNull():
        answers += command.invoke(solver, parser.getSymbolManager())
    return answers


if __name__ == "__main__":
    main(sys.argv[1])
