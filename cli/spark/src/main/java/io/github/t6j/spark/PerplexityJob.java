package io.github.t6j.spark;

import io.github.t6j.Model;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Scores each document as {@code t6j perplexity} does a file. */
@Command(
        name = "perplexity",
        description = {"Scores each document.",
            "A result has id, tokens, scored (number of scored ids), log_likelihood (their sum, in nats) and bytes;",
            "or id and error."},
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  spark-submit --master spark://HOST:7077 --archives model.zip#model t6j-spark.jar \\",
            "      perplexity --model model --in books.parquet --out scores.parquet"
        })
final class PerplexityJob implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private DocumentArguments documents;

    @Option(names = "--column", paramLabel = "NAME", defaultValue = "text",
            description = "Column of the texts (default: ${DEFAULT-VALUE}).")
    private String column;

    @Override
    public Integer call() throws IOException {
        documents.check();
        arguments.check(spec, 2);
        // The lambda captures these variables, not this object, which has the command line.
        ModelArguments from = arguments;
        String where = column;
        documents.run(main, column, LogLikelihoods.RESULT, partition -> {
            Model model = from.onExecutor();
            LogLikelihoods results = new LogLikelihoods(model, from.sessionOptions(model), where, partition);
            TaskContext.get().addTaskCompletionListener((TaskCompletionListener) _ -> results.close());
            return results;
        });
        return 0;
    }
}
