package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.chat.Conversation;
import io.github.t6j.chat.Message;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Comparison of answers that are calls of tools. */
class QuestionsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"name": "now", "arguments": null}             | {"name": "now", "arguments": {}}              | true
            {"name": "now"}                                | {"name": "now", "arguments": "{}"}            | true
            {"name": "now", "arguments": "null"}           | {"name": "now", "arguments": "null"}          | true
            {"name": "now", "arguments": "null"}           | {"name": "now", "arguments": {}}              | false
            {"name": "a", "arguments": "{\\"x\\": 1, \\"y\\": 2}"} | {"name": "a", "arguments": {"y": 2, "x": 1}} | true
            {"name": "a", "arguments": "{\\"x\\": 1"}  | {"name": "a", "arguments": "{\\"x\\": 1"} | true
            {"name": "a", "arguments": {"x": 1}}           | {"name": "b", "arguments": {"x": 1}}          | false
            """)
    void callsAreComparedByNameAndArguments(String found, String expected, boolean right) {
        assertThat(new Questions.Answered("", call(found), call(expected)).isRight()).isEqualTo(right);
    }

    private static Message call(String function) {
        String line = "{\"messages\": [{\"role\": \"user\", \"content\": \"?\"}, {\"role\": \"assistant\","
                + " \"content\": \"\", \"tool_calls\": [{\"type\": \"function\", \"function\": " + function + "}]}]}";
        return Conversation.parse(line, "line 1").messages().getLast();
    }
}
