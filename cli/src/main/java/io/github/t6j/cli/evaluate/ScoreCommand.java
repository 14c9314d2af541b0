package io.github.t6j.cli.evaluate;

import io.github.t6j.Model;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LinesArguments;
import io.github.t6j.cli.generate.SessionCommand;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Range;
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

/** {@code t6j score}: measures the accuracy on multiple-choice questions. */
@Command(
        name = "score",
        description = "Scores multiple-choice questions as lm-evaluation-harness does.",
        footer = {
            "",
            "Each line of TASK.jsonl is one question, such as",
            "  {\"id\": 0, \"context\": \"The sky is\",",
            "   \"choices\": [\"blue.\", \"a fish.\"], \"gold\": 0}",
            "If neither the context ends nor the choice begins with white space, a space joins them.",
            "acc takes the choice with the largest log-likelihood, acc_norm the largest per character.",
            "± and _stderr are standard errors.",
            "",
            "Examples:",
            "  t6j score -m DIR --file arc_easy.jsonl --json",
            "  t6j score --file task.jsonl --limit 100 --details d.jsonl",
            "  t6j score --file task.jsonl --parallel 16 --out out.jsonl"
        })
public final class ScoreCommand extends SessionCommand {
    @Option(names = {"-f", "--file"}, required = true, paramLabel = "TASK.jsonl",
            description = "File of questions, one per line.")
    private Path file;

    @Option(names = "--limit", paramLabel = "N", description = "Score only the first N questions (default: all).")
    private Integer limit;

    @Option(names = "--details", paramLabel = "FILE",
            description = {"Write each question's result to FILE, one JSON object per line.",
                "Its keys are question, context, choices, gold, log_likelihoods, choice and choice_norm.",
                "The file of --out has the same results, and lets an interrupted run continue."})
    private Path details;

    @Mixin
    private LinesArguments lines;

    @Option(names = "--json",
            description = {"Print one JSON object.",
                "Its keys are questions, acc, acc_stderr, acc_norm and acc_norm_stderr."})
    private boolean json;

    @Override
    public Integer call() {
        arguments.check();
        lines.check();
        if (limit != null) {
            Range.atLeast(spec, "--limit", limit, 1);
        }
        if (details != null && lines.out() != null) {
            throw new ParameterException(spec.commandLine(), "--details and --out: expected one of them, found both");
        }
        List<Line> all = Question.lines(file);
        if (lines.out() == null) {
            all.forEach(Question::parse); // report a wrong line before the run begins
        }
        List<Line> questions = limit == null ? all : all.subList(0, Math.min(limit, all.size()));
        try (Writer written = details == null ? Writer.nullWriter() : open(details);
                Model model = arguments.load();
                OnInterrupt _ = LinesArguments.onInterrupt(main)) {
            QuestionLines work = new QuestionLines(model);
            int code = lines.run(main, model, cache.sessionOptions(), questions, work, result -> tell(result, written));
            if (work.accuracy().questions() > 0) {
                print(work.accuracy(), questions.size(), code == Main.INTERRUPTED);
            }
            return code;
        } catch (IOException e) {
            throw Errors.failure(details, "cannot be written", e);
        }
    }

    private void tell(Map<String, Object> result, Writer written) {
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

    private void print(Accuracy accuracy, int all, boolean partial) {
        Map<String, Object> result = accuracy.fields();
        if (partial) {
            result.put("partial", true);
        }
        if (json) {
            main.out.print(Json.write(result));
            return;
        }
        main.out.println(String.format("%-9s %d", "questions", accuracy.questions())
                + (accuracy.questions() < all ? " of " + all : "") + (partial ? ", partial" : ""));
        for (String metric : List.of("acc", "acc_norm")) {
            main.out.println(String.format(
                    Locale.ROOT, "%-9s %.4f ± %.4f", metric, (Double) result.get(metric),
                    result.get(metric + "_stderr") instanceof Double error ? error : Double.NaN));
        }
    }
}
