package io.github.t6j.cli.evaluate;

import io.github.t6j.Model;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LinesArguments;
import io.github.t6j.cli.generate.SessionCommand;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.models.ModelParameter;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code t6j score}: measures how well a model answers questions and continues texts. */
@Command(
        name = "score",
        description = "Scores answers to questions, or continuations of texts.",
        footer = {
            "",
            "Scores are computed as in lm-evaluation-harness.",
            "Each line of TASK.jsonl is one question, such as",
            "  {\"id\": 0, \"context\": \"The sky is\",",
            "   \"choices\": [\"blue.\", \"a fish.\"], \"gold\": 0}",
            "If neither the context ends nor the choice begins with white space, a space joins them.",
            "acc picks the choice with the highest log-likelihood, acc_norm the highest per character.",
            "",
            "With continuations instead, such as {\"context\": \"The sky is\", \"continuation\": \"blue.\"},",
            "acc counts continuations that greedy decoding generates; perplexity is per continuation.",
            "",
            "± and _stderr are standard errors.",
            "",
            "Examples:",
            "  t6j score -m DIR --file arc_easy.jsonl --json",
            "  t6j score --file task.jsonl --limit 100 --details d.jsonl",
            "  t6j score --file task.jsonl --shots 5 --markdown",
            "  t6j score --file task.jsonl --parallel 16 --out out.jsonl"
        })
public final class ScoreCommand extends SessionCommand {
    @Mixin
    private ModelParameter argument;

    @Option(names = {"-f", "--file"}, required = true, paramLabel = "TASK.jsonl",
            description = "File of questions, one per line.")
    private Path file;

    @Option(names = "--limit", paramLabel = "N", description = "Score only the first N questions (default: all).")
    private Integer limit;

    @Option(names = "--shots", paramLabel = "N", defaultValue = "0",
            description = {"Put N solved questions before each question (default: ${DEFAULT-VALUE}).",
                "They come from the start of --examples, or of --file, which then scores only the rest."})
    private int shots;

    @Option(names = "--examples", paramLabel = "FILE.jsonl",
            description = "Solved questions for --shots, in the format of --file (default: its first questions).")
    private Path examples;

    @Option(names = "--details", paramLabel = "FILE",
            description = {"Write each question's result to FILE, one JSON object per line.",
                "Its keys are question, context, choices, gold, log_likelihoods, choice and choice_norm.",
                "--out writes the same results, and can continue an interrupted run."})
    private Path details;

    @Mixin
    private LinesArguments lines;

    @Option(names = "--json",
            description = {"Print one JSON object.",
                "Its keys are questions, acc, acc_stderr, acc_norm and acc_norm_stderr,",
                "or texts, acc, acc_stderr, perplexity and perplexity_stderr."})
    private boolean json;

    @Option(names = "--markdown", description = "Print a Markdown table, one row per metric.")
    private boolean markdown;

    @Override
    public Integer call() {
        arguments.check(argument);
        lines.check();
        if (limit != null) {
            Range.atLeast(spec, "--limit", limit, 1);
        }
        Range.atLeast(spec, "--shots", shots, 0);
        if (examples != null && shots == 0) {
            throw new ParameterException(spec.commandLine(), "--examples: expected --shots N, too, found none");
        }
        if (json && markdown) {
            throw new ParameterException(spec.commandLine(), "--json and --markdown: expected one of them, found both");
        }
        if (details != null && lines.out() != null) {
            throw new ParameterException(spec.commandLine(), "--details and --out: expected one of them, found both");
        }
        List<Line> all = Question.lines(file);
        boolean continuations = Question.isContinuation(all.getFirst());
        Examples before = examples(all, continuations);
        List<Line> rest = examples == null ? all.subList(shots, all.size()) : all;
        if (lines.out() == null) { // report a wrong line before the run begins
            rest.forEach(continuations ? Question::parseContinuation : Question::parse);
        }
        List<Line> scored = limit == null ? rest : rest.subList(0, Math.min(limit, rest.size()));
        try (Writer written = details == null ? Writer.nullWriter() : open(details);
                Model model = arguments.load();
                OnInterrupt _ = LinesArguments.onInterrupt(main)) {
            ScoredLines work =
                    continuations ? new ContinuationLines(model, before) : new QuestionLines(model, before);
            int code = lines.run(main, model, cache.sessionOptions(), scored, work, result -> report(result, written));
            if (work.count() > 0) {
                print(work, scored.size(), code == Main.INTERRUPTED);
            }
            return code;
        } catch (IOException e) {
            throw Errors.failure(details, "cannot be written", e);
        }
    }

    /** Returns the examples for few-shot prompts. @throws CommandFailure if there are too few lines */
    private Examples examples(List<Line> all, boolean continuations) {
        if (shots == 0) {
            return Examples.NONE;
        }
        List<Line> from = examples == null ? all : Question.lines(examples);
        int max = examples == null ? all.size() - 1 : from.size();
        if (shots > max) {
            throw new CommandFailure("--shots: expected at most " + max + ", the questions in "
                    + (examples == null ? file + " but one" : examples) + ", found " + shots);
        }
        return Examples.of(from.subList(0, shots), continuations);
    }

    private void report(Map<String, Object> result, Writer written) {
        try {
            result.remove("index"); // a key of --out only
            written.write(Json.writeLine(result) + "\n");
        } catch (IOException e) {
            throw Errors.failure(details, "cannot be written", e);
        }
    }

    private static Writer open(Path details) {
        try {
            return Files.newBufferedWriter(details);
        } catch (IOException e) {
            throw Errors.failure(details, "cannot be written", e);
        }
    }

    private void print(ScoredLines work, int all, boolean partial) {
        Map<String, Object> result = work.fields();
        if (partial) {
            result.put("partial", true);
        }
        if (json) {
            main.out.print(Json.write(result));
            return;
        }
        String unit = result.keySet().iterator().next(); // questions or texts
        String counted = work.count() + (work.count() < all ? " of " + all : "") + (partial ? ", partial" : "");
        List<String> metrics = result.keySet().stream().filter(key -> result.containsKey(key + "_stderr")).toList();
        if (markdown) {
            main.out.println("| task | shots | " + unit + " | metric | value | standard error |");
            main.out.println("|---|--:|--:|---|--:|--:|");
            metrics.forEach(metric -> main.out.println("| " + task() + " | " + shots + " | " + counted + " | " + metric
                    + " | " + number(result.get(metric)) + " | " + number(result.get(metric + "_stderr")) + " |"));
            return;
        }
        main.out.println(String.format("%-9s %s", unit, counted));
        metrics.forEach(metric -> main.out.println(String.format("%-9s %s ± %s", metric, number(result.get(metric)),
                number(result.get(metric + "_stderr")))));
    }

    private String task() {
        return file.getFileName().toString().replaceFirst("\\.jsonl$", "").replace("|", "\\|");
    }

    private static String number(Object value) {
        return value instanceof Double number
                ? String.format(Locale.ROOT, number < 1e6 ? "%.4f" : "%.3e", number)
                : "NaN";
    }
}
