"""Stubs: what students get in place of a solution."""

import textwrap

import pytest

from tools.building.markers import find_regions
from tools.building.stubs import cell_stub, with_stubs, without_markers


def student(source: str) -> str:
    source = textwrap.dedent(source).strip()
    return with_stubs(source, find_regions(source, str))


def test_a_function_keeps_signature_and_docstring_and_raises() -> None:
    assert student(
        '''
        def double(x: int) -> int:
            """Return twice x."""
            ### BEGIN SOLUTION
            # a hint too many
            return 2 * x
            ### END SOLUTION
        '''
    ) == (
        'def double(x: int) -> int:\n    """Return twice x."""\n'
        '    raise NotImplementedError("Write the body of double.")'
    )


def test_code_around_the_region_stays() -> None:
    stub = student(
        """
        def total(values):
            result = 0
            for value in values:
                ### BEGIN SOLUTION
                result += value
                ### END SOLUTION
            return result
        """
    )
    assert stub.splitlines()[2:] == [
        "    for value in values:",
        '        raise NotImplementedError("Complete total.")',
        "    return result",
    ]


def test_a_method_is_named_with_its_class() -> None:
    stub = student(
        """
        class Block:
            def forward(self, x):
                ### BEGIN SOLUTION
                return x
                ### END SOLUTION
        """
    )
    assert 'NotImplementedError("Write the body of Block.forward.")' in stub


def test_whole_methods_of_a_class_become_stubs() -> None:
    stub = student(
        '''
        class Block:
            """A block."""

            ### BEGIN SOLUTION
            def __init__(self, size: int) -> None:
                self.size = size

            def forward(self, x): return x * self.size
            ### END SOLUTION
        '''
    )
    assert stub.count("raise NotImplementedError") == 2
    assert "def __init__(self, size: int) -> None:" in stub
    assert "self.size" not in stub


def test_assigned_names_become_ellipses() -> None:
    stub = student(
        """
        ### BEGIN SOLUTION
        kernel, bias = make(3), 0  # secret
        size: int = 5
        for i in range(3):
            total = total_of(i)
        with context() as c:
            result = [x for x in c]
        show(result)
        ### END SOLUTION
        print(kernel)
        """
    )
    assert stub.splitlines() == [
        "kernel = ...",
        "bias = ...",
        "size = ...",
        "total = ...",
        "result = ...",
        "print(kernel)",
    ]


def test_a_region_in_a_block_keeps_its_indentation() -> None:
    stub = student(
        """
        if seed == 0:
            ### BEGIN SOLUTION
            answer = 1
            ### END SOLUTION
        """
    )
    assert stub == "if seed == 0:\n    answer = ..."


def test_a_region_without_names_leaves_a_line_to_fill_in() -> None:
    stub = student("### BEGIN SOLUTION\noptimizer.step()\n### END SOLUTION")
    assert stub == "pass  # Write your code here."


def test_a_region_inside_an_expression_is_refused() -> None:
    source = "x = f(\n    ### BEGIN SOLUTION\n    1,\n    ### END SOLUTION\n)"
    with pytest.raises(ValueError, match="no whole statement"):
        student(source)


def test_a_region_that_empties_a_block_is_refused() -> None:
    source = """
    for i in range(3):
        ### BEGIN SOLUTION
        x = i
    y = 2
    ### END SOLUTION
    """
    with pytest.raises(ValueError, match="not valid Python"):
        student(source)


def test_a_solution_cell_keeps_imports_signatures_and_docstrings() -> None:
    source = textwrap.dedent(
        '''
        import torch
        from torch import nn

        # how the answer works
        @torch.no_grad()
        def apply(
            x: int,
        ) -> int:
            """Return x."""
            return secret(x)

        class Block(nn.Module):
            """A block.

            Shape: (N, C)
            """

            size: int

            def forward(self, x):
                # secret
                return x

        answer = secret(3)
        print(answer)
        '''
    )
    stub = cell_stub(source)
    assert "secret" not in stub
    assert "answer works" not in stub
    for kept in (
        "import torch\nfrom torch import nn\n",
        "@torch.no_grad()\ndef apply(\n    x: int,\n) -> int:\n",
        '"""Return x."""\n    raise NotImplementedError("Write the body of apply.")',
        "Shape: (N, C)",
        "    size: int\n",
        '        raise NotImplementedError("Write the body of Block.forward.")',
        "answer = ...",
    ):
        assert kept in stub


def test_names_beyond_ascii_do_not_shift_a_one_line_function() -> None:
    assert cell_stub('é = "ß"\ndef größe(x="é"): return x') == (
        'é = ...\n\n\ndef größe(x="é"):\n'
        '    raise NotImplementedError("Write the body of größe.")'
    )


def test_a_solution_cell_of_bare_calls_leaves_a_placeholder() -> None:
    assert cell_stub("show(1)") == "# Write your code here."


def test_the_worked_version_is_the_source_without_markers() -> None:
    source = "x = 1\n### BEGIN SOLUTION\ny = 2\n### END SOLUTION"
    assert without_markers(source, find_regions(source, str)) == "x = 1\ny = 2"
