#!/bin/sh
# The commands a person types; `sh wrapper.sh help` lists them. Works from any directory.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
venv=$root/.venv
python=$venv/bin/python
yes=${CI:+1}

# What the shell holds for other Pythons (PYTHONPATH, PYTHONHOME) would give this one other packages, as would the
# folder where a command is typed; and the locale names in another encoding. What the engine must not get is
# removed in covid_xray.storage.environment.
for name in $(env | sed -n 's/^\(PYTHON[A-Z0-9_]*\)=.*/\1/p'); do
    case $name in
    PYTHONDONTWRITEBYTECODE | PYTHONFAULTHANDLER | PYTHONHASHSEED | PYTHONPYCACHEPREFIX | PYTHONUNBUFFERED) ;;
    *) unset "$name" ;;
    esac
done
export PYTHONUTF8=1 PYTHONSAFEPATH=1

usage() {
    cat <<'TEXT'
sh wrapper.sh env-setup                          create the environment and fetch the Delta jars (the others do it too)
sh wrapper.sh run <Model>_<task>_classification  one of the ten published runs; Model: InceptionV3, Xception, ResNet50,
                                                 VGG16 or VGG19; task: binary or multiclass
sh wrapper.sh run all                            all ten
sh wrapper.sh run sample                         all ten on synthetic images: needs no data and no weights
sh wrapper.sh run dataset_resize                 make a smaller copy of a folder of X-rays
sh wrapper.sh fetch                              get the public dataset
sh wrapper.sh upload | download                  a folder to a volume of a Databricks workspace; a volume's files back
sh wrapper.sh score                              new images through a registered model: --data DIR --model VGG16_multiclass/1
sh wrapper.sh evaluate                           the same on a labelled folder, from elsewhere or of one source, with metrics
sh wrapper.sh cluster start | stop               a Spark cluster on this machine, for run --master URL
sh wrapper.sh sql "SELECT ..."                   query the tables of a run
sh wrapper.sh clean                              remove superseded files of a run's tables
sh wrapper.sh test [--thorough] | lint           the tests; ruff, mypy and the layers of the packages
sh wrapper.sh bench                              measure the ratios of docs/benchmarks.md
sh wrapper.sh wheel                              build what a deployment installs, into dist (the bundle calls it)
Each command explains its options with --help. --yes installs what is missing without asking.
TEXT
}

fail() {
    echo "wrapper.sh: $*" >&2
    exit 2
}

# A name on the path proves nothing: version managers leave launchers for versions that are not installed.
find_python() {
    for candidate in python3.12 python3.11 python3 python; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.12 or 3.11 is needed and neither is on the path: install one and try again"
}

java_version() {
    "${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1
}

need_java() {
    unset_foreign_java_home
    case $(java_version) in 17 | 21) return ;; esac
    if command -v apt-get >/dev/null; then
        install="apt-get update -qq && { apt-get install -y -qq openjdk-21-jre-headless || apt-get install -y -qq openjdk-17-jre-headless; }"
    elif command -v dnf >/dev/null; then
        install="dnf install -y -q java-21-openjdk-headless"
    elif command -v brew >/dev/null; then
        install="brew install --quiet openjdk@21 && ln -sfn \"\$(brew --prefix openjdk@21)\" '$root/.java'"
    else
        fail "Spark needs Java 17 or 21: install one (for instance from adoptium.net) and try again"
    fi
    case $install in
    brew*) ;;
    *) [ "$(id -u)" = 0 ] || install="sudo sh -c '$install'" ;;
    esac
    agree "Spark needs Java 17 or 21. Install it with: $install"
    sh -c "$install" >&2 || fail "Java could not be installed; install Java 17 or 21 by hand and try again"
    [ ! -d "$root/.java" ] || JAVA_HOME=$root/.java
    unset_foreign_java_home
    case $(java_version) in 17 | 21) ;; *) fail "Java 17 or 21 is installed but not the one in use: set JAVA_HOME to it" ;; esac
}

# A JAVA_HOME that names another version would win over a java on the path, also one just installed.
unset_foreign_java_home() {
    case $(java_version) in 17 | 21) [ -z "${JAVA_HOME:-}" ] || export JAVA_HOME ;; *) unset JAVA_HOME ;; esac
}

agree() {
    [ -z "$yes" ] || return 0
    [ -t 0 ] || fail "$1 - or give --yes to let this command do it"
    printf '%s\nGo on? [y/N] ' "$1" >&2
    read -r answer
    case $answer in y | Y | yes) ;; *) fail "nothing was installed" ;; esac
}

# The lock file pins every package by its hash; the stamp tells whether it has changed since. Compiled here, once:
# where Python must not keep what it compiles (PYTHONDONTWRITEBYTECODE), each process would take TensorFlow's 1,800
# files anew, three times as long as to load them.
need_packages() {
    stamp=$(cksum <"$root/requirements.lock")
    [ "$(cat "$venv/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
    interpreter=$(find_python)
    echo "Setting up $venv with $("$interpreter" --version); this happens once and takes a few minutes." >&2
    uv=$(sed -n 's/^\(uv==[^ ]*\).*/\1/p' "$root/requirements.lock")
    "$interpreter" -m venv "$venv" || fail "$interpreter cannot make a virtual environment: install its venv module"
    "$python" -m pip install --quiet --disable-pip-version-check "$uv" || fail "the packages could not be fetched"
    "$python" -m uv pip sync --quiet --compile-bytecode --python "$python" --require-hashes "$root/requirements.lock" ||
        fail "the packages could not be installed"
    "$python" -m uv pip install --quiet --python "$python" --no-deps --no-build-isolation --editable "$root" ||
        fail "the project could not be installed"
    echo "$stamp" >"$venv/.stamp"
}

need_spark() {
    need_java
    need_packages
    "$python" -m jobs.local prepare --log "$venv/spark.log"
}

for argument; do
    shift
    case $argument in --yes) yes=1 ;; *) set -- "$@" "$argument" ;; esac
done
command=${1:-help}
[ $# = 0 ] || shift

case $command in
env-setup) need_spark && echo "ready: sh wrapper.sh run sample" ;;
run)
    case ${1:-} in
    dataset_resize) shift && need_packages && exec "$python" -m data_upload resize "$@" ;;
    *) need_spark && exec "$python" -m jobs.local run "$@" ;;
    esac
    ;;
fetch | upload | download) need_packages && exec "$python" -m data_upload "$command" "$@" ;;
score | evaluate | sql | clean | cluster) need_spark && exec "$python" -m jobs.local "$command" "$@" ;;
bench) need_spark && exec "$python" -m benchmarks "$@" ;;
test)
    need_spark && cd "$root"
    # With more threads each, the two processes would wait for one another's.
    export OMP_NUM_THREADS=1
    exec "$python" -m pytest --numprocesses 2 "$@"
    ;;
lint)
    need_packages && cd "$root"
    "$python" -m ruff check . && "$python" -m ruff format --check . && "$python" -m mypy && "$venv/bin/lint-imports" --no-logo
    ;;
wheel)
    # An older wheel of a higher version would be deployed in the place of this one.
    need_packages && cd "$root" && rm -f dist/*.whl && exec "$python" -m hatchling build -t wheel
    ;;
help | --help | -h) usage ;;
*) usage >&2 && fail "unknown command: $command" ;;
esac
