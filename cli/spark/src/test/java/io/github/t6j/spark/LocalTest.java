package io.github.t6j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
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
        spark = Jobs.spark("local[2]").config("spark.sql.files.maxPartitionBytes", 5000) // to read files in parts
                .config("spark.sql.files.openCostInBytes", 0).getOrCreate();
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
        List<String> rest = new ArrayList<>(List.of(options));
        rest.addAll(List.of("--partitions", "1", "--parallel", "1", "--column", "a column", "--threads", "2"));
        Jobs.Result ran = run("generate", folder.resolve("in.parquet"), "b.parquet", rest.toArray(String[]::new));
        assertThat(ran.code()).as(ran.err()).isZero();
        spark.read().parquet(folder.resolve("b.parquet").toString()).write().json(folder.resolve("b").toString());
        assertThat(Jobs.results(folder.resolve("b"))).isEqualTo(results);
    }

    @Test
    void seedsAreTheDocumentsOwn() throws Exception {
        List<String> lines = List.of(line("id", "a", "prompt", "It was", "seed", 7),
                line("id", "b", "prompt", "It was", "max_tokens", 4),
                line("id", 5, "messages", List.of(Map.of("role", "user", "content", "It was")), "seed", null));
        assertThat(run("generate", write("in.jsonl", lines), "0.jsonl", "-n", "8").code()).isZero();
        assertThat(run("generate", write("in.jsonl", lines), "9.jsonl", "-n", "8", "--seed", "9").code()).isZero();
        Map<Object, Map<String, Object>> zero = Jobs.results(folder.resolve("0.jsonl"));
        Map<Object, Map<String, Object>> nine = Jobs.results(folder.resolve("9.jsonl"));
        assertThat(zero.get("a")).containsEntry("seed", 7L).isEqualTo(nine.get("a"));
        // first 6 bytes of the MD5 of b and of 5, from md5sum
        assertThat(zero.get("b")).containsEntry("seed", 0x92eb5ffee6aeL);
        assertThat(zero.get("5")).containsEntry("seed", 0xe4da3b7fbbceL);
        assertThat(nine.get("b")).containsEntry("seed", 0x92eb5ffee6aeL + 9);
        assertThat(nine.values()).extracting(row -> ((List<?>) row.get("tokens")).size()).containsOnly(4, 8);
        zero.put("5", withId(zero.get("5"), 5L)); // results have ids as texts
        zero.put(5L, zero.remove("5"));
        assertThat(zero).isEqualTo(Jobs.single(folder, lines, zero, "-n", "8"));
    }

    private static Map<String, Object> withId(Map<String, Object> row, Object id) {
        Map<String, Object> copy = new LinkedHashMap<>(row);
        copy.put("id", id);
        return copy;
    }

    /** Returns the results of {@code t6j} for the lines of a file, by id. */
    private Map<Object, Map<String, Object>> ofCommand(Path in, String command, String... options) throws Exception {
        Path out = folder.resolve(command + "-results.jsonl");
        List<String> words =
                new ArrayList<>(List.of(command, "--model", Jobs.TINY.toString(), "--out", out.toString()));
        words.addAll(List.of(options));
        Jobs.t6j(folder, words.toArray(String[]::new));
        Map<Object, Map<String, Object>> results = new LinkedHashMap<>();
        List<Map<String, Object>> lines = Jobs.objects(Files.lines(in));
        for (Map<String, Object> row : Jobs.objects(Files.lines(out))) {
            results.put(lines.get(((Long) row.get("index")).intValue()).get("id"), row);
        }
        return results;
    }

    /** Compares the columns that the results of a job have with the command's. */
    private void assertSame(Map<Object, Map<String, Object>> found, Map<Object, Map<String, Object>> expected) {
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        found.forEach((id, row) -> row.forEach((name, value) -> {
            if (!name.equals("id")) {
                assertThat(value).as(id + ": " + name).isEqualTo(expected.get(id).get(name));
            }
        }));
    }

    /** A text of several windows, one with a special token, and one that is not ASCII. */
    @Test
    void perplexityIsThatOfTheCommand() throws Exception {
        Path in = write("in.jsonl", List.of(line("id", "long", "text", "The whale swam on. ".repeat(60)),
                line("id", "two", "text", "It was a cold morning.<|endoftext|>Call me"),
                line("id", "accents", "text", "Dès l'aube, à l'heure")));
        Jobs.Result ran = run("perplexity", in, "out.jsonl", "--context", "100");
        assertThat(ran.code()).as(ran.err()).isZero();
        Map<Object, Map<String, Object>> results = Jobs.results(folder.resolve("out.jsonl"));
        assertSame(results, ofCommand(in, "perplexity", "--texts", in.toString(), "--context", "100"));
        assertThat((Long) results.get("long").get("tokens")).isGreaterThan(200);
        assertThat(results.get("two")).containsKeys("nll", "nll_stderr", "perplexity", "bits_per_byte", "bytes");
        double nll = results.values().stream().mapToDouble(row -> (Double) row.get("nll") * (Long) row.get("scored"))
                .sum();
        long scored = results.values().stream().mapToLong(row -> (Long) row.get("scored")).sum();
        assertThat(ran.err()).startsWith(String.format(Locale.ROOT, "t6j-spark: perplexity %.4f, ",
                Math.exp(nll / scored))).endsWith(scored + " scored tokens of 3 documents\n");
    }

    @Test
    void scoresAreThoseOfTheCommand() throws Exception {
        List<String> questions = List.of(
                line("id", "a", "context", "The sky is", "choices", List.of("blue.", "a fish."), "gold", 0),
                line("id", "b", "context", "", "choices", List.of("Call me", "the the the"), "gold", 1),
                line("id", "c", "context", "It was ", "choices", List.of("a", "b", "cold morning"), "gold", 2));
        List<String> texts = List.of(line("id", "d", "context", "The sky is", "continuation", "blue."),
                line("id", "e", "context", "It was", "continuation", "a"));
        List<String> all = new ArrayList<>(questions);
        all.addAll(texts);
        Jobs.Result ran = run("score", write("in.jsonl", all), "out.jsonl");
        assertThat(ran.code()).as(ran.err()).isZero();
        Path first = write("questions.jsonl", questions);
        Map<Object, Map<String, Object>> expected = ofCommand(first, "score", "--file", first.toString());
        Files.delete(folder.resolve("score-results.jsonl"));
        Path second = write("texts.jsonl", texts);
        expected.putAll(ofCommand(second, "score", "--file", second.toString()));
        Map<Object, Map<String, Object>> results = Jobs.results(folder.resolve("out.jsonl"));
        assertSame(results, expected);
        assertThat(results.get("c")).containsKeys("gold", "log_likelihoods", "choice", "choice_norm");
        assertThat(results.get("e")).containsKeys("log_likelihood", "greedy");
        assertThat(ran.err()).matches("t6j-spark: 3 questions, acc [01].*, acc_norm [01].*\n"
                + "t6j-spark: 2 continuations, acc [01].*, perplexity .*\n");

        spark.read().schema("id string, context string, choices array<string>, gold int, continuation string")
                .json(folder.resolve("in.jsonl").toString()).write().parquet(folder.resolve("in.parquet").toString());
        assertThat(run("score", folder.resolve("in.parquet"), "b.jsonl", "--parallel", "1").code()).isZero();
        assertThat(Jobs.results(folder.resolve("b.jsonl"))).isEqualTo(results);
    }

    @Test
    void embeddingsAreThoseOfTheCommand() throws Exception {
        Path in = write("in.jsonl", List.of(line("id", "a", "text", "The whale"), line("id", "b", "ids", List.of(5, 7)),
                line("id", "long", "text", "sea and sky ".repeat(100))));
        String[] options = {"--pooling", "last", "--dimensions", "19"};
        Jobs.Result ran = run("embed", in, "out.parquet", options);
        assertThat(ran.code()).as(ran.err()).isZero();
        spark.read().parquet(folder.resolve("out.parquet").toString()).write().json(folder.resolve("out").toString());
        Map<Object, Map<String, Object>> results = Jobs.results(folder.resolve("out"));
        assertSame(results, ofCommand(in, "embed", "--pooling", "last", "--dimensions", "19", in.toString()));
        assertThat((List<?>) results.get("b").get("embedding")).hasSize(19);
        Jobs.Result refused = run("embed", in, "other.parquet", "--context", "64");
        assertThat(refused.err()).contains("--context: expected none with embed, which keeps no cache, found one");
        assertThat(refused.code()).isEqualTo(2);
    }

    /** Each row that cannot be used has an error with its line, and its input. */
    @Test
    void aBadRowDoesNotEndTheOthers() throws Exception {
        List<String> bad = List.of("{\"id\": \"cut", line("id", "none"), line("prompt", "It was"),
                line("id", "seed", "prompt", "a", "seed", "x"), line("id", "long", "prompt", "whale ".repeat(700)));
        List<String> lines = new ArrayList<>(bad);
        lines.add(2, " "); // blank lines count, but have no results
        lines.add(line("id", "good", "prompt", "It was"));
        lines.add(line("id", "good", "prompt", "Again"));
        lines.add(line("id", "good", "prompt", "And again"));
        Path in = write("in.jsonl", lines);
        Jobs.Result ran = run("generate", in, "out.jsonl", "-n", "3");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).isEqualTo("t6j-spark: 7 of 8 documents failed; the column error has the reasons, "
                + "input the documents\n");
        spark.read().json(folder.resolve("out.jsonl").toString()).createOrReplaceTempView("results");
        List<Row> errors = spark.sql("select error, input from results where error is not null order by error")
                .collectAsList();
        assertThat(errors).extracting(row -> row.getString(0)).satisfiesExactly(
                line -> assertThat(line).startsWith(in + ", line 1: "),
                line -> assertThat(line).isEqualTo(in + ", line 2: expected \"prompt\", a text, or \"messages\", an "
                        + "array, found neither"),
                line -> assertThat(line).isEqualTo(in + ", line 4: id: expected a text or a number, found no such key"),
                line -> assertThat(line).isEqualTo(in + ", line 5: seed: expected a whole number, found \"x\""),
                line -> assertThat(line).startsWith(in + ", line 6: prompt: expected at most 512 tokens, the context"),
                line -> assertThat(line)
                        .isEqualTo(in + ", line 8: id: expected one that no other row has, found that of "
                                + in + ", line 7"),
                line -> assertThat(line)
                        .isEqualTo(in + ", line 9: id: expected one that no other row has, found that of "
                                + in + ", line 7"));
        assertThat(errors).extracting(row -> row.getString(1)).contains(bad.toArray(String[]::new));
        assertThat(spark.sql("select text, id from results where error is null").collectAsList()).hasSize(1);
    }

    @Test
    void aBadRowOfParquetIsNumbered() throws Exception {
        Path in = folder.resolve("in.parquet");
        spark.sql("select * from values ('a', 'It was'), ('b', null), (null, 'c') as rows(id, body)").coalesce(1)
                .write().parquet(in.toString());
        Jobs.Result ran = run("generate", in, "out.jsonl", "-n", "3", "--column", "body");
        assertThat(ran.err()).contains("2 of 3 documents failed");
        assertThat(spark.read().json(folder.resolve("out.jsonl").toString()).where("error is not null").orderBy("error")
                .select("error", "input").collectAsList()).extracting(Row::toString)
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("[" + in).endsWith(
                                ".parquet, row 2: body: expected a text, found no such key,{\"id\":\"b\"}]"),
                        line -> assertThat(line).endsWith(".parquet, row 3: id: expected a text or a number, found no "
                                + "such key,{\"body\":\"c\"}]"));
    }

    /** A file that Spark would read in several parts still has the right numbers of lines. */
    @Test
    void linesOfALargeFileAreNumbered() throws Exception {
        List<String> lines = new ArrayList<>();
        for (int i = 1; i <= 300; i++) {
            lines.add(line("id", i, "prompt", i % 100 == 0 ? 5 : "It", "max_tokens", 0, "padding", "x".repeat(999)));
        }
        Files.createDirectory(folder.resolve("in.jsonl"));
        write("in.jsonl/a.jsonl", lines.subList(0, 250));
        write("in.jsonl/b.jsonl", lines.subList(250, 300));
        assertThat(run("generate", folder.resolve("in.jsonl"), "out.jsonl").code()).isZero();
        assertThat(spark.read().json(folder.resolve("out.jsonl").toString()).where("error is not null").collectAsList())
                .extracting(row -> row.<String>getAs("id") + row.<String>getAs("error").replaceFirst(".*in.jsonl", ""))
                .containsExactlyInAnyOrder(
                        Stream.of("100/a.jsonl, line 100", "200/a.jsonl, line 200", "300/b.jsonl, line 50")
                                .map(line -> line + ": expected \"prompt\", a text, or \"messages\", an array, "
                                        + "found neither")
                                .toArray(String[]::new));
    }

    @Test
    void nanLogitsAreTheErrorOfTheirRow() throws Exception {
        Path in = write("in.jsonl", List.of(line("id", 1, "prompt", "abc", "text", "abc"),
                line("id", 2, "prompt", "", "text", "a")));
        String model = Jobs.TESTDATA.resolve("hostile/nan-weights").toString();
        assertThat(Jobs.run("generate", "--model", model, "--in", in.toString(), "--out",
                folder.resolve("a.jsonl").toString(), "--partitions", "1").code()).isZero();
        assertThat((String) Jobs.results(folder.resolve("a.jsonl")).get("1").get("error")).contains("NaN");
        assertThat(Jobs.run("perplexity", "--model", model, "--in", in.toString(), "--out",
                folder.resolve("b.jsonl").toString(), "--partitions", "1").code()).isZero();
        Map<Object, Map<String, Object>> results = Jobs.results(folder.resolve("b.jsonl"));
        assertThat((String) results.get("1").get("error")).isEqualTo(in + ", line 1: expected a finite log-likelihood "
                + "of token 1 (id 98), found NaN, computed by the model: check its weights for damage");
        assertThat((String) results.get("2").get("error"))
                .isEqualTo(in + ", line 2: expected a text of at least 2 tokens, found 1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--out out.txt | --out: expected a path that ends in .jsonl or .parquet, found out.txt",
        "--out x.jsonl --partitions 0 | --partitions: expected 1 or more, found 0",
        "--out x.jsonl --parallel 0 | --parallel: expected 1 or more, found 0",
        "--out x.jsonl --parallel 65 | --parallel: expected at most 64 (half of a pass, since as many documents wait), found 65",
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
        assertFails(run("generate", in, "out.jsonl"), "out.jsonl: expected a new path, found an existing one");
        assertFails(run("generate", folder.resolve("nowhere.jsonl"), "b.jsonl"), "Path does not exist",
                "nowhere.jsonl");
        spark.range(3).write().parquet(folder.resolve("in.parquet").toString());
        assertFails(run("generate", folder.resolve("in.parquet"), "c.jsonl"),
                "in.parquet: expected the columns id and prompt or messages, found [id]");
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
