"""Resources that a person switches on: whole where they are, and not deployed before."""

import shutil

import pytest
import yaml
from databricks.bundles.model_serving_endpoints import ModelServingEndpoint
from jobgraph.bundle import read_bundle
from jobgraph.resolve import resolve, scope_of

from tests.unit.resources.definitions import BUNDLE, ROOT, TARGETS, context_of

ENDPOINT = "resources/optional/classifier.model_serving_endpoint.yml"


def test_no_endpoint_is_deployed_by_default():
    assert ENDPOINT not in read_text() and "optional" not in str(yaml.safe_load(read_text())["include"])


def read_text():
    return BUNDLE.read_text(encoding="utf-8")


@pytest.mark.parametrize("target", TARGETS)
def test_an_endpoint_holds_a_model_of_the_targets_schema(tmp_path, target):
    shutil.copytree(ROOT / "resources", tmp_path / "resources")
    include = "  - resources/*.yml\n"
    (tmp_path / "databricks.yml").write_text(read_text().replace(include, f"{include}  - {ENDPOINT}\n"))
    bundle = read_bundle(tmp_path / "databricks.yml", target)
    spec = bundle.resource("model_serving_endpoints", "classifier").spec
    found = ModelServingEndpoint.from_dict(resolve(spec, "classifier", scope_of(bundle, context_of(target))))
    [entity] = found.config.served_entities
    catalog, schema, model = entity.entity_name.split(".")
    assert (catalog, model, entity.entity_version) == ("workspace", "covid_xray_vgg16_multiclass", "1")
    assert found.name == f"covid_xray_{schema}" and entity.scale_to_zero_enabled
