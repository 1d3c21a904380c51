"""What a page says of classifiers on sources of which they have seen no image."""

WHY = "the images of each class come from one source"


def test_where_it_cannot_be_estimated_the_page_says_why(page, make_result):
    html = page(make_result(), no_source_folds={"binary": WHY}).split('id="by-source"')[1]
    assert f"binary: Leave-one-source-out is not estimable: {WHY}." in html
    assert "not estimable: this run has no result of it." in page(make_result())


def test_networks_and_baselines_stand_side_by_side_where_it_can(
    page, make_result, baseline, make_protocol_result, make_margin
):
    measured = {"patient_grouped": make_protocol_result(), "leave_one_source_out": make_protocol_result(0.6)}
    network = make_result(by_protocol=measured)
    margin = make_margin(-0.1, -0.2, 0.05, protocol="leave_one_source_out")
    html = page(network, baseline, comparisons=[margin])
    section = html.split('id="by-source"')[1].split("</section>")[0]
    assert "not estimable" not in section and "file_facts" not in section
    assert "60.0 (64.0 to 94.8)" in section and "-10.0 (-20.0 to +5.0)" in section
    audit = html.split('id="audit"')[1].split("</thead>")[0]
    assert "<code>leave_one_source_out</code>" in audit
    assert "leave_one_source_out" not in page(make_result(), baseline)
