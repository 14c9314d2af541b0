package io.github.t6j.cli.embed;

import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Pooling;
import picocli.CommandLine.Option;

/** Option for the pooling, of every command that embeds texts. */
public final class PoolingArguments {
    @Option(names = "--pooling", paramLabel = "HOW",
            description = {"Method that pools a text's hidden states into one vector: mean, last or cls.",
                "last takes the state of the last token, cls of the first",
                "(default: as the model's files specify, otherwise mean)."})
    private Pooling pooling;

    /** Returns the default options with this pooling. */
    public EmbeddingOptions embeddingOptions() {
        return EmbeddingOptions.defaults().withPooling(pooling);
    }

    /** Returns true if the command line has no pooling. */
    boolean isAbsent() {
        return pooling == null;
    }
}
