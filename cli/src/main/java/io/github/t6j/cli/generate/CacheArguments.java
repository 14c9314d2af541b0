package io.github.t6j.cli.generate;

import io.github.t6j.SessionOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Option for the type of the cache, of every command that opens a session. */
public final class CacheArguments {
    @Option(
            names = "--cache-type",
            paramLabel = "TYPE",
            description = {"Type of the cache's elements: f32, f16, bf16 or q8.",
                "q8 has 8 bits and scales (default: the configuration's, or f32)."})
    private SessionOptions.CacheType type;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    /** Returns the default options with this type of cache. */
    public SessionOptions sessionOptions() {
        return SessionOptions.defaults().withCacheType(type == null ? SessionOptions.CacheType.F32 : type);
    }

    /**
     * Returns the default options with this type of cache; without one on the command line, with the type of the saved
     * session, if there is one.
     */
    public SessionOptions sessionOptions(SessionOptions.CacheType saved) {
        boolean given = spec.commandLine().getParseResult().hasMatchedOption("--cache-type");
        return !given && saved != null ? SessionOptions.defaults().withCacheType(saved) : sessionOptions();
    }
}
