use super::*;

fn names(fields: &[&str]) -> Vec<String> {
    columns(fields).fields().map(|(_, column)| column.to_owned()).collect()
}

#[test]
fn a_field_that_is_called_as_a_column_of_munshis_is_renamed_and_told() {
    let columns = columns(&["verdict", "Cost", "error"]);
    let all: Vec<_> = columns.names().collect();
    assert_eq!(all, ["row", "input", "verdict", "answer_Cost", "answer_error", "model", "tokens", "cost", "error"]);
    let renamed: Vec<_> = columns.renamed().collect();
    assert_eq!(renamed, [("Cost", "answer_Cost"), ("error", "answer_error")]);
}

#[test]
fn fields_that_differ_in_capitals_alone_get_names_that_differ() {
    assert_eq!(names(&["a", "A", "a"]), ["a", "answer_A", "answer_answer_a"]);
    assert_eq!(names(&["É", "é"]), ["É", "answer_é"]);
}

#[test]
fn a_name_that_is_free_stays() {
    assert_eq!(names(&["row", "answer_row"]), ["answer_answer_row", "answer_row"]);
    assert_eq!(names(&["answer_row", "ROW", "answer_answer_row"])[1], "answer_answer_answer_ROW");
}

#[test]
fn a_renamed_field_is_written_under_its_new_name() {
    let answer = object(json!({ "row": "a", "ROW": "b" }));
    let row = OutRow { fields: Some(&answer), ..ROW };
    assert_eq!(
        written(OutputKind::Csv, &columns(&["row", "ROW"]), &[row]),
        "row,input,answer_row,answer_answer_ROW,model,tokens,cost,error\n1,in,a,b,m,,,\n"
    );
}
