package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate --prompts}: each result equals generate's result for its prompt and seed. */
class PromptsTest {
    @TempDir
    Path folder;

    private CommandResult run(List<String> lines, String... more) throws IOException {
        Files.write(folder.resolve("in.jsonl"), lines);
        List<String> command = new java.util.ArrayList<>(List.of("generate", "--model", CommandResult.TINY, "--prompts",
                folder.resolve("in.jsonl").toString(), "--out", folder.resolve("out.jsonl").toString(), "-n", "12",
                "--seed", "40"));
        command.addAll(List.of(more));
        return CommandResult.of(command.toArray(String[]::new));
    }

    private List<Map<String, Object>> results() throws IOException {
        return Files.readAllLines(folder.resolve("out.jsonl")).stream()
                .map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "result")).toList();
    }

    private static Object text(String prompt, long seed, int tokens) {
        return CommandResult
                .of("generate", "--model", CommandResult.TINY, "--json", "-n", "" + tokens, "--seed", "" + seed, prompt)
                .json()
                .get("text");
    }

    @Test
    void eachEqualsItsResultAlone() throws IOException {
        List<String> words =
                List.of("The whale", "Call me", "It was", "A", "In the", "Of", "Whales", "When", "He", "She");
        List<String> lines =
                IntStream.range(0, 30).mapToObj(i -> "{\"prompt\": \"" + words.get(i % 10) + "\"}").toList();
        CommandResult ran = run(lines, "--parallel", "7");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).isEmpty();
        List<Map<String, Object>> results = results();
        assertThat(results).hasSize(30);
        for (int i = 0; i < 30; i++) {
            assertThat(results.get(i)).containsEntry("index", (long) i).containsEntry("seed", 40L + i);
            assertThat(results.get(i).get("text")).as("line " + i).isEqualTo(text(words.get(i % 10), 40 + i, 12));
        }
    }

    @Test
    void linesHaveTheirOwnSeedAndLength() throws IOException {
        CommandResult ran = run(List.of("{\"id\": \"a\", \"prompt\": \"Call me\", \"seed\": 3, \"max_tokens\": 5}",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"Call me\"}], \"seed\": 4}"));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(results().getFirst()).containsEntry("id", "a").containsEntry("text", text("Call me", 3, 5));
        assertThat(results().getLast()).containsEntry("text", text("Call me\n\n", 4, 12));
    }

    @Test
    void aBadLineDoesNotEndTheOthers() throws IOException {
        CommandResult ran =
                run(List.of("{\"prompt\": \"Call me\"}", "{", "{\"id\": 7}", "{\"prompt\": \"a\", \"seed\": \"x\"}",
                        "{\"prompt\": \"" + "whale ".repeat(700) + "\"}", "{\"prompt\": \"It was\"}"));
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).isEqualTo("t6j: 4 of 6 lines failed; the key error of each result gives the reason\n");
        List<Map<String, Object>> results = results();
        assertThat((String) results.get(1).get("error")).contains("in.jsonl, line 2: not valid JSON");
        assertThat((String) results.get(2).get("error"))
                .contains("line 3: expected \"prompt\", a text, or \"messages\"");
        assertThat(results.get(2)).containsEntry("id", 7L);
        assertThat((String) results.get(3).get("error")).contains("seed: expected a whole number, found \"x\"");
        assertThat((String) results.get(4).get("error")).contains("prompt: expected at most 512 tokens");
        assertThat(results.get(5)).containsEntry("text", text("It was", 45, 12));
    }

    @Test
    void existingResultsAreNotComputedAgain() throws IOException {
        List<String> lines =
                List.of("{\"prompt\": \"Call me\"}", "{\"prompt\": \"It was\"}", "{\"prompt\": \"Whales\"}");
        run(lines);
        String whole = Files.readString(folder.resolve("out.jsonl"));
        String begun = whole.substring(0, whole.indexOf('\n') + 14); // cuts the second result
        Files.writeString(folder.resolve("out.jsonl"), begun);
        CommandResult ran = run(lines);
        assertThat(ran.err()).contains("note: 1 of 3 results are already in ");
        assertThat(Files.readString(folder.resolve("out.jsonl"))).isEqualTo(whole);
        assertThat(run(lines).code()).isZero();
        assertThat(Files.readString(folder.resolve("out.jsonl"))).isEqualTo(whole);
    }

    /** The user mends the input; the results keep their order, and those without an error are not computed again. */
    @Test
    void linesThatFailedAreTriedAgain() throws IOException {
        run(List.of("{\"prompt\": \"Call me\"}", "{", "{\"prompt\": \"Whales\"}", "{\"id\": 7}"));
        List<String> before = Files.readAllLines(folder.resolve("out.jsonl"));
        String kept = before.getFirst().replace("\"seed\":40", "\"seed\":40,\"kept\":1");
        Files.write(folder.resolve("out.jsonl"), List.of(kept, before.get(1), before.get(2), before.get(3)));

        CommandResult ran = run(List.of("{\"prompt\": \"Call me\"}", "{\"prompt\": \"It was\"}",
                "{\"prompt\": \"Whales\"}", "{\"id\": 8}", "{\"prompt\": \"He\"}"));

        assertThat(ran.err()).startsWith("t6j: note: 2 of 5 results are already in ")
                .contains("; lines that failed before are computed again: 2\n")
                .endsWith("t6j: 1 of 5 lines failed; the key error of each result gives the reason\n");
        assertThat(ran.code()).isEqualTo(1);
        List<Map<String, Object>> results = results();
        assertThat(results).extracting(result -> result.get("index")).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(results.get(0)).containsEntry("kept", 1L);
        assertThat(results.get(1)).containsEntry("text", text("It was", 41, 12)).doesNotContainKey("error");
        assertThat(results.get(3)).containsEntry("id", 8L).containsKey("error");
        assertThat(results.get(4)).containsEntry("text", text("He", 44, 12));
        assertThat(folder).isDirectoryNotContaining("glob:**.new");
    }

    /** A last line without a line end that is not the beginning of a result is not removed. */
    @Test
    void noOtherFileIsCut() throws IOException {
        for (String other : List.of("{\"prompt\": \"Call me\"}", "Call me", "{\"index\":7", "{}\n{\"index\":1")) {
            Files.writeString(folder.resolve("out.jsonl"), other);
            CommandResult ran = run(List.of("{\"prompt\": \"Call me\"}"));
            assertThat(ran.err()).contains("from an earlier run, found other content: choose another --out");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(folder.resolve("out.jsonl")).hasContent(other);
        }
    }

    @Test
    void mistakes() throws IOException {
        Files.writeString(folder.resolve("out.jsonl"), "{\"other\": 1}\n");
        CommandResult other = run(List.of("{\"prompt\": \"Call me\"}"));
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.err()).contains("out.jsonl, line 1: expected the result of line 1 of the input");
        assertThat(Files.readString(folder.resolve("out.jsonl"))).isEqualTo("{\"other\": 1}\n");
        assertThat(CommandResult.of("generate", "--prompts", "x").err())
                .contains("--prompts and --out: expected both or none");
        assertThat(run(List.of("{}"), "a prompt").err()).contains("--prompts: expected no PROMPT");
        assertThat(run(List.of("{}"), "--parallel", "65").code()).isEqualTo(2);
    }
}
