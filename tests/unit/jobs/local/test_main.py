import pytest

from jobs.local.__main__ import main


@pytest.mark.parametrize("url", ["local[x]", "local", "local[0]", "spark://host", "yarn"])
def test_an_unknown_master_is_refused_before_spark_starts(capsys, url):
    with pytest.raises(SystemExit) as refused:
        main(["run", "sample", "--master", url])
    assert refused.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"'{url}' is none of local[N], local[*], spark://HOST:PORT and sc://HOST:PORT" in last
