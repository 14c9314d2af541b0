package io.github.t6j.cli;

import io.github.t6j.Model;
import io.github.t6j.json.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code t6j score}: how often the model finds the likeliest choice to be the right one. */
@Command(
        name = "score",
        description = "Scores multiple-choice questions as lm-evaluation-harness does.",
        footer = {
            "",
            "A line of TASK.jsonl is one question, such as",
            "  {\"id\": 0, \"context\": \"The sky is\", \"choices\": [\"blue.\", \"a fish.\"], \"gold\": 0}",
            "A space joins context and choice where neither has one there. acc takes the choice of the largest",
            "log-likelihood, acc_norm the largest per character of the choice; ± and _stderr are standard errors.",
            "",
            "Example:",
            "  t6j score --model DIR --file arc_easy.jsonl --json"
        })
final class ScoreCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private CacheArguments cache;

    @Option(names = "--file", required = true, paramLabel = "TASK.jsonl", description = "The questions, one a line.")
    private Path file;

    @Option(names = "--json",
            description = "Print one JSON object: questions, acc, acc_stderr, acc_norm, acc_norm_stderr.")
    private boolean json;

    @Override
    public Integer call() {
        arguments.check();
        List<Question> questions = Question.read(file);
        int done = 0;
        int right = 0;
        int rightPerCharacter = 0;
        try (Model model = arguments.load();
                OnInterrupt _ = new OnInterrupt(main)) {
            try (ChoiceScorer scorer = new ChoiceScorer(model, cache.sessionOptions());
                    Progress progress = new Progress(main, "score")) {
                for (Question question : questions) {
                    double[] scores = scorer.logLikelihoods(question);
                    right += largest(scores) == question.gold() ? 1 : 0;
                    for (int choice = 0; choice < scores.length; choice++) {
                        scores[choice] /= question.characters(choice);
                    }
                    rightPerCharacter += largest(scores) == question.gold() ? 1 : 0;
                    progress.update(++done, questions.size());
                }
            } catch (CancellationException e) {
                if (done == 0) {
                    return Main.INTERRUPTED;
                }
            }
            print(done, questions.size(), right, rightPerCharacter);
        }
        return done < questions.size() ? Main.INTERRUPTED : Main.DONE;
    }

    /** Index of the largest number, the first of equal ones. */
    private static int largest(double[] elements) {
        int best = 0;
        for (int i = 1; i < elements.length; i++) {
            if (elements[i] > elements[best]) {
                best = i;
            }
        }
        return best;
    }

    private void print(int questions, int all, int right, int rightPerCharacter) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("questions", questions);
        put("acc", right, questions, result);
        put("acc_norm", rightPerCharacter, questions, result);
        if (questions < all) {
            result.put("partial", true);
        }
        if (json) {
            main.out.print(Json.write(result));
            return;
        }
        main.out.println(String.format("%-9s %d", "questions", questions)
                + (questions < all ? " of " + all + ", partial" : ""));
        for (String metric : List.of("acc", "acc_norm")) {
            main.out.println(String.format(
                    Locale.ROOT, "%-9s %.4f ± %.4f", metric, (Double) result.get(metric),
                    result.get(metric + "_stderr") instanceof Double error ? error : Double.NaN));
        }
    }

    /** A mean of zeros and ones and its standard error, by the deviation of a sample; null of a single one. */
    private static void put(String metric, int right, int questions, Map<String, Object> result) {
        double mean = (double) right / questions;
        result.put(metric, mean);
        result.put(metric + "_stderr", questions == 1 ? null : Math.sqrt(mean * (1 - mean) / (questions - 1)));
    }
}
