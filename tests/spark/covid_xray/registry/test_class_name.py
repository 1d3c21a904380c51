from covid_xray.registry.class_name import ClassName


def test_an_index_is_mapped_to_its_class_also_after_saving_and_loading(spark, tmp_path):
    stage = ClassName(inputCol="index", outputCol="name", classes=["Covid-19", "No_findings"])
    stage.write().overwrite().save(str(tmp_path / "stage"))
    loaded = ClassName.load(str(tmp_path / "stage"))
    frame = spark.createDataFrame([(1.0,), (0.0,), (None,)], "index DOUBLE")
    names = [row.name for row in loaded.transform(frame).collect()]
    assert names == ["No_findings", "Covid-19", None]
