package io.github.t6j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs the jobs with Spark inside the tests' JVM. */
class LocalTest {
    private static SparkSession spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = Jobs.spark("local[2]").getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private Jobs.Result run(String job, Path in, String out, String... more) {
        List<String> command = new ArrayList<>(List.of(job, "--model", Jobs.TINY.toString(), "--in", in.toString(),
                "--out", folder.resolve(out).toString()));
        command.addAll(List.of(more));
        if (!command.contains("--partitions")) {
            command.addAll(List.of("--partitions", "3"));
        }
        return Jobs.run(command.toArray(String[]::new));
    }

    private Path write(String name, List<String> lines) throws IOException {
        return Files.write(folder.resolve(name), lines);
    }

    private static String line(Object... keysAndValues) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            fields.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return Json.writeLine(fields);
    }

    /** Results do not depend on partitions, batches, or the formats of input and output. */
    @Test
    void partitionsBatchesAndFormatsChangeNothing() throws Exception {
        List<String> lines = Jobs.prompts(20);
        Path in = write("in.jsonl", lines);
        String[] options = {"-n", "20", "--temperature", "1.1", "--top-k", "0", "--repetition-penalty", "1.1", "--stop",
            "the"};
        assertThat(run("generate", in, "a.jsonl", options).code()).isZero();
        Map<Object, Map<String, Object>> results = Jobs.results(folder.resolve("a.jsonl"));
        assertThat(results).isEqualTo(Jobs.single(folder, lines, results, options));
        assertThat(results.values()).extracting(row -> row.get("finish_reason")).contains("stop_string", "max_tokens");

        spark.read().schema("id string, prompt string").json(in.toString()).withColumnRenamed("prompt", "a column")
                .write().parquet(folder.resolve("in.parquet").toString());
        List<String> others = new ArrayList<>(List.of(options));
        others.addAll(List.of("--partitions", "1", "--parallel", "1", "--column", "a column", "--threads", "2"));
        Jobs.Result ran = run("generate", folder.resolve("in.parquet"), "b.parquet", others.toArray(String[]::new));
        assertThat(ran.code()).as(ran.err()).isZero();
        spark.read().parquet(folder.resolve("b.parquet").toString()).write().json(folder.resolve("b").toString());
        assertThat(Jobs.results(folder.resolve("b"))).isEqualTo(results);
    }

    @Test
    void seedsAreTheDocumentsOwn() throws Exception {
        List<String> lines = List.of(line("id", "a", "prompt", "It was", "seed", 7),
                line("id", "b", "prompt", "It was"), line("id", 5, "prompt", "It was", "seed", null));
        assertThat(run("generate", write("in.jsonl", lines), "0.jsonl", "-n", "8").code()).isZero();
        assertThat(run("generate", write("in.jsonl", lines), "9.jsonl", "-n", "8", "--seed", "9").code()).isZero();
        Map<Object, Map<String, Object>> zero = Jobs.results(folder.resolve("0.jsonl"));
        Map<Object, Map<String, Object>> nine = Jobs.results(folder.resolve("9.jsonl"));
        assertThat(zero.get("a")).containsEntry("seed", 7L).isEqualTo(nine.get("a"));
        // first 6 bytes of the MD5 of b and of 5, from md5sum
        assertThat(zero.get("b")).containsEntry("seed", 0x92eb5ffee6aeL);
        assertThat(zero.get("5")).containsEntry("seed", 0xe4da3b7fbbceL);
        assertThat(nine.get("b")).containsEntry("seed", 0x92eb5ffee6aeL + 9);
    }

    /** A text of several windows, one with a special token, and one that is not ASCII. */
    @Test
    void perplexityIsThatOfTheCommand() throws Exception {
        List<String> texts = List.of(
                "The whale swam on. ".repeat(60), "It was a cold morning.<|endoftext|>Call me",
                "Dès l'aube, à l'heure");
        List<String> lines = IntStream.range(0, texts.size())
                .mapToObj(i -> line("id", i, "text", texts.get(i))).toList();
        Jobs.Result ran = run("perplexity", write("in.jsonl", lines), "out.jsonl", "--context", "100");
        assertThat(ran.code()).as(ran.err()).isZero();
        Map<Object, Map<String, Object>> results = Jobs.results(folder.resolve("out.jsonl"));
        for (int i = 0; i < texts.size(); i++) {
            Path file = Files.writeString(folder.resolve("text"), texts.get(i));
            Map<String, Object> single = Jobs.objects(List.of(Jobs.t6j(folder, "perplexity", "--model",
                    Jobs.TINY.toString(), "--file", file.toString(), "--context", "100", "--json")).stream())
                    .getFirst();
            Map<String, Object> found = results.get("" + i);
            assertThat(found).as(texts.get(i)).containsEntry("tokens", single.get("tokens"))
                    .containsEntry("scored", single.get("scored"));
            double logLikelihood = (Double) found.get("log_likelihood");
            assertThat(-logLikelihood / (Long) found.get("scored")).isEqualTo(single.get("nll"));
            assertThat(-logLikelihood / Math.log(2) / (Long) found.get("bytes")).isEqualTo(single.get("bits_per_byte"));
        }
        assertThat((Long) results.get("0").get("tokens")).isGreaterThan(200);
    }

    @Test
    void aBadRowDoesNotEndTheOthers() throws Exception {
        Path in = write("in.jsonl", List.of("{\"id\": \"cut", line("id", "none"), line("prompt", "It was"),
                line("id", "seed", "prompt", "a", "seed", "x"), line("id", "long", "prompt", "whale ".repeat(700)),
                line("id", "good", "prompt", "It was")));
        Jobs.Result ran = run("generate", in, "out.jsonl", "-n", "3");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err())
                .isEqualTo("t6j-spark: 5 of 6 documents failed; the column error has the reasons\n");
        spark.read().json(folder.resolve("out.jsonl").toString()).createOrReplaceTempView("results");
        List<String> errors = spark.sql("select error from results where error is not null order by error")
                .collectAsList().stream().map(row -> row.getString(0)).toList();
        assertThat(errors.get(0)).isEqualTo("id: expected a text or a number, found none");
        assertThat(errors.get(1))
                .isEqualTo("line: expected a JSON object with id, prompt and, if it wants, seed, a whole "
                        + "number, found {\"id\": \"cut");
        assertThat(errors.get(2)).contains("seed, a whole number, found {\"id\":\"seed\",\"prompt\":\"a\"");
        assertThat(errors.get(3)).isEqualTo("prompt: expected a text, found none");
        assertThat(errors.get(4)).startsWith("prompt: expected at most 512 tokens, the context, found 7");
        assertThat(errors).hasSize(5);
        assertThat(spark.sql("select id from results where error is null").collectAsList()).hasSize(1);
    }

    @Test
    void logitsThatAreNoNumbersAreTheRowsError() throws Exception {
        Path in = write("in.jsonl", List.of(line("id", 1, "prompt", "abc", "text", "abc"),
                line("id", 2, "prompt", "", "text", "a")));
        String model = Jobs.TESTDATA.resolve("hostile/nan-weights").toString();
        assertThat(Jobs.run("generate", "--model", model, "--in", in.toString(), "--out",
                folder.resolve("a.jsonl").toString(), "--partitions", "1").code()).isZero();
        assertThat((String) Jobs.results(folder.resolve("a.jsonl")).get("1").get("error")).contains("NaN");
        assertThat(Jobs.run("perplexity", "--model", model, "--in", in.toString(), "--out",
                folder.resolve("b.jsonl").toString(), "--partitions", "1").code()).isZero();
        Map<Object, Map<String, Object>> results = Jobs.results(folder.resolve("b.jsonl"));
        assertThat((String) results.get("1").get("error"))
                .startsWith("text: expected a finite log-likelihood of token 1 (id 98), found NaN");
        assertThat((String) results.get("2").get("error"))
                .isEqualTo("text: expected a text of at least 2 tokens, found 1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--out out.txt | --out: expected a path that ends in .jsonl or .parquet, found out.txt",
        "--out x.jsonl --partitions 0 | --partitions: expected 1 or more, found 0",
        "--out x.jsonl --parallel 0 | --parallel: expected 1 or more, found 0",
        "--out x.jsonl --threads 0 | --threads: expected 1 or more, found 0",
        "--out x.jsonl --context 0 | --context: expected 1 or more, found 0",
        "--out x.jsonl --top-k -1 | --top-k: expected 0 (all) or more, found -1",
        "--out x.jsonl --cache-type f8 | expected f32 or f16 or bf16 or q8, found 'f8'"})
    void badUsage(String options, String message) {
        List<String> command = new ArrayList<>(List.of("generate", "--model", "m", "--in", "in.jsonl"));
        command.addAll(List.of(options.split(" ")));
        Jobs.Result ran = Jobs.run(command.toArray(String[]::new));
        assertThat(ran.err()).startsWith("t6j-spark: ").contains(message)
                .endsWith(" (see t6j-spark generate --help)\n").hasLineCount(1);
        assertThat(ran.code()).isEqualTo(2);
    }

    @Test
    void mistakesAreOneLine() throws Exception {
        Path in = write("in.jsonl", List.of(line("id", "a", "prompt", "It was")));
        Files.createDirectory(folder.resolve("out.jsonl"));
        assertFails(run("generate", in, "out.jsonl"), "out.jsonl: expected nothing there, found something");
        assertFails(run("generate", folder.resolve("nowhere.jsonl"), "b.jsonl"), "Path does not exist",
                "nowhere.jsonl");
        spark.range(3).write().parquet(folder.resolve("in.parquet").toString());
        assertFails(run("generate", folder.resolve("in.parquet"), "c.jsonl"),
                "in.parquet: expected a column prompt, found [id]");
        assertFails(Jobs.run("generate", "--model", "nowhere", "--in", in.toString(), "--out",
                folder.resolve("e.jsonl").toString(), "--partitions", "1"),
                "nowhere: expected a folder with config.json and weights");
        Files.createDirectory(folder.resolve("empty"));
        assertFails(Jobs.run("generate", "--model", folder.resolve("empty").toString(), "--in", in.toString(), "--out",
                folder.resolve("f.jsonl").toString(), "--partitions", "1"), "empty: no weights in this folder");
    }

    private static void assertFails(Jobs.Result ran, String... messages) {
        assertThat(ran.err()).startsWith("t6j-spark: ").contains(messages).hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
    }
}
