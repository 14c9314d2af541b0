package io.github.t6j.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the options of {@code t6j generate} for the form of its text. */
class GrammarArgumentsTest {
    @TempDir
    private Path folder;

    private static CommandResult generate(String... arguments) {
        String[] all = new String[arguments.length + 3];
        all[0] = "generate";
        all[1] = "--model";
        all[2] = CommandResult.TINY;
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        return CommandResult.of(all);
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    @Test
    void theTextMatchesASchema() throws IOException {
        Path schema = file("s.json", """
                {"properties": {"n": {"type": "integer", "maximum": 9}, "word": {"enum": ["a", "b"]}},
                 "required": ["n", "word"]}""");
        for (int seed = 0; seed < 5; seed++) {
            CommandResult ran = generate(
                    "--json-schema", schema.toString(), "--seed", "" + seed, "-n", "60", "Answer: ");
            Map<String, Object> answer = Json.parseObject(ran.out().getBytes(StandardCharsets.UTF_8), "answer");
            assertThat(answer).containsOnlyKeys("n", "word");
            assertThat((Long) answer.get("n")).isLessThanOrEqualTo(9);
            assertThat(answer.get("word")).isIn("a", "b");
        }
    }

    @Test
    void theTextMatchesAGrammarAndARegex() throws IOException {
        Path grammar = file("g.gbnf", "root ::= \"<\" [a-z]{3} \">\"\n");
        assertThat(generate("--grammar", grammar.toString(), "--seed", "1", "A tag: ").out()).matches("<[a-z]{3}>\n");
        CommandResult json = generate("--regex", "(?:yes|no)", "--json", "--temp", "0", "Is it?");
        assertThat(json.json()).containsEntry("finish_reason", "end_of_text").hasEntrySatisfying(
                "text", text -> assertThat(text).isIn("yes", "no"));
    }

    @Test
    void everyPromptOfAFileMatches() throws IOException {
        Path prompts = file("p.jsonl", "{\"prompt\": \"one\"}\n{\"prompt\": \"two\"}\n{\"prompt\": \"three\"}\n");
        Path out = folder.resolve("out.jsonl");
        generate("--prompts", prompts.toString(), "--out", out.toString(), "--regex", "[0-9]{2}", "--seed", "4");
        List<String> lines = Files.readAllLines(out);
        assertThat(lines).hasSize(3).allSatisfy(line -> assertThat(
                (String) Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "line").get("text"))
                .matches("[0-9]{2}"));
    }

    @Test
    void wrongFormsAreRejectedWithTheirFile() throws IOException {
        Path schema = file("s.json", "{\"contains\": {}}");
        CommandResult ran = generate("--json-schema", schema.toString(), "x");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains(schema + ": schema at #: keyword contains is not supported");
        assertThat(generate("--regex", "a(?=b)", "x").err()).contains("--regex: regex at character 1: look-around");
        assertThat(generate("--grammar", folder.resolve("none").toString(), "x").code()).isEqualTo(1);
        CommandResult both = generate("--regex", "a", "--json-schema", schema.toString(), "x");
        assertThat(both.code()).isEqualTo(2);
        assertThat(both.err()).contains("--json-schema");
    }
}
