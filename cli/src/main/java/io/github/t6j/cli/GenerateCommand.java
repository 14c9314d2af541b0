package io.github.t6j.cli;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.Token;
import io.github.t6j.TokenListener;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j generate}: continues a text. */
@Command(
        name = "generate",
        description = "Continues a text: prints the continuation, and a last newline.",
        footer = {
            "",
            "Examples:",
            "  t6j generate \"The whale\" -n 64 --seed 7",
            "  t6j generate --temperature 0 --stop . --stats \"Call me\"",
            "  t6j generate --json < prompt.txt",
            "  t6j generate \"Call me\" --session chat.t6j --cache-type bf16",
            "  t6j generate \"It was\" --samples 4 --seed 1",
            "  t6j generate --prompts prompts.jsonl --out results.jsonl --parallel 8 --seed 1"
        })
final class GenerateCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private CacheArguments cache;

    @Parameters(
            arity = "0..1",
            paramLabel = "PROMPT",
            description = "Plain text to continue; - or none with piped input: standard input. \"\" starts a document.")
    private String prompt;

    @Option(names = "-n", paramLabel = "N", defaultValue = "128",
            description = "Most tokens to generate (default: ${DEFAULT-VALUE}).")
    private int maxTokens;

    @Mixin
    private SamplingArguments sampling;

    @Option(names = "--stop", paramLabel = "STR", description = "End before this text; can be repeated.")
    private List<String> stop = List.of();

    @Option(names = "--ignore-eos", description = "Go on past what ends a text, such as <|endoftext|>.")
    private boolean ignoreEndOfText;

    @Option(names = "--samples", paramLabel = "N",
            description = "N continuations, with the seeds S, S + 1, …, made together and printed at the end, each "
                    + "under a line with its number and seed.")
    private Integer samples;

    @Mixin
    private ContextArguments context;

    @Mixin
    private PromptsArguments prompts;

    @Option(names = "--session", paramLabel = "FILE",
            description = "Continue the session saved in FILE, if it is there, with the prompt; save it there at the end.")
    private Path sessionFile;

    @Option(names = "--stats", description = "Say on standard error how fast it was and what the cache took.")
    private boolean stats;

    @Option(names = "--json", description = "Print one JSON object at the end: text, finish_reason, tokens (ids), "
            + "log_probabilities, prompt_tokens, seed, prefill_seconds, decode_seconds; an array with --samples.")
    private boolean json;

    @Override
    public Integer call() {
        arguments.check();
        GenerationOptions options = options();
        if (prompts.given()) {
            try (Model model = arguments.load()) {
                options = options.withSampling(sampling.over(model.sampling().orElse(SamplingOptions.defaults())));
                return prompts.run(main, arguments, model, options, context.over(cache.sessionOptions(), model, main));
            }
        }
        CacheType saved = sessionFile == null ? null : SavedSession.cacheType(sessionFile);
        String text = Text.argumentOrInput(prompt, "PROMPT", main, spec);
        try (Model model = arguments.load();
                Session session = model.newSession(context.over(cache.sessionOptions(saved), model, main))) {
            options = options.withSampling(sampling.over(model.sampling().orElse(SamplingOptions.defaults())));
            context.noteShort(model, session, main);
            if (sessionFile != null && Files.exists(sessionFile)) {
                session.restore(sessionFile);
            }
            int promptEnd = session.position() + promptIds(model, session, text);
            checkFits(promptEnd, session);
            try (OnInterrupt interrupt = new OnInterrupt(main)) {
                int code = samples == null
                        ? generate(model, session, text, options)
                        : generateSamples(model, session, text, options);
                // An interrupted prompt is not kept: to give it again would repeat its beginning.
                if (sessionFile != null && session.position() >= promptEnd) {
                    interrupt.finish();
                    session.save(sessionFile);
                }
                return code;
            }
        }
    }

    private GenerationOptions options() {
        Range.atLeast(spec, "-n", maxTokens, 0);
        prompts.check(prompt != null || samples != null || sessionFile != null || json || stats);
        if (samples != null) {
            Range.atLeast(spec, "--samples", samples, 1);
            if (sessionFile != null) {
                throw new ParameterException(
                        spec.commandLine(), "--samples: expected no --session, which can hold only one continuation");
            }
        }
        context.check();
        return Range.checked(
                spec, () -> new GenerationOptions(maxTokens, sampling.over(SamplingOptions.defaults()), stop,
                        ignoreEndOfText));
    }

    private static int promptIds(Model model, Session session, String text) {
        Tokenizer tokenizer = model.tokenizer();
        return (session.position() == 0 ? tokenizer.encodePrompt(text) : tokenizer.encode(text)).length;
    }

    private static void checkFits(int ids, Session session) {
        if (ids > session.contextLength()) {
            String kept = session.position() == 0 ? "" : " (" + session.position() + " of them in --session)";
            throw new CommandFailure("prompt: expected at most " + session.contextLength() + " tokens, the context, "
                    + "found " + ids + kept + ": shorten it or give a larger --context");
        }
    }

    private int generate(Model model, Session session, String text, GenerationOptions options) {
        try (Waiting waiting = new Waiting(main, json ? "generating" : "reading the prompt")) {
            Stream stream = new Stream(waiting);
            Generation generation = session.generate(text, options, stream);
            stream.end(generation);
            noteFullContext(List.of(generation), session);
            if (stats) {
                Stats.of(generation, session, model.info()).forEach(main.err::println);
                main.err.println(sampling.stats(model.sampling().isPresent(), options.sampling()));
            }
            return generation.finishReason() == FinishReason.CANCELLED ? Main.INTERRUPTED : Main.DONE;
        } catch (CancellationException e) {
            main.out.println("");
            return Main.INTERRUPTED;
        }
    }

    private int generateSamples(Model model, Session session, String text, GenerationOptions options) {
        List<Generation> generations;
        try (Waiting _ = new Waiting(main, "generating")) {
            generations = session.generateSamples(text, samples, options);
        } catch (CancellationException e) {
            return Main.INTERRUPTED;
        }
        if (json) {
            main.out.print(Json.write(generations.stream().map(GenerateCommand::object).toList()));
        }
        for (int i = 0; i < generations.size() && !json; i++) {
            Generation generation = generations.get(i);
            main.out.println("--- " + (i + 1) + " of " + samples + ", seed " + generation.seed());
            main.out.println(generation.text());
        }
        noteFullContext(generations, session);
        if (stats) {
            Stats.ofSamples(generations, session, model.info()).forEach(main.err::println);
            main.err.println(sampling.stats(model.sampling().isPresent(), options.sampling()));
        }
        boolean cancelled = generations.stream().anyMatch(one -> one.finishReason() == FinishReason.CANCELLED);
        return cancelled ? Main.INTERRUPTED : Main.DONE;
    }

    private void noteFullContext(List<Generation> generations, Session session) {
        if (generations.stream().anyMatch(one -> one.finishReason() == FinishReason.CONTEXT_FULL)) {
            main.note("note: the text ends because the context of " + session.contextLength()
                    + " tokens is full: a larger --context lets it go on");
        }
    }

    /** Prints text as it comes, or one JSON object at the end. */
    private final class Stream implements TokenListener {
        private final Waiting waiting;
        private int printed;

        Stream(Waiting waiting) {
            this.waiting = waiting;
        }

        @Override
        public boolean onToken(Token token) {
            if (!json && !token.text().isEmpty()) {
                waiting.close();
                main.out.print(token.text());
                printed += token.text().length();
            }
            return true;
        }

        /** Prints what the listener was not told: a piece of a character or of a stop string that stayed open. */
        void end(Generation generation) {
            waiting.close();
            if (json) {
                main.out.print(Json.write(object(generation)));
            } else {
                main.out.println(generation.text().substring(Math.min(printed, generation.text().length())));
            }
        }
    }

    private static Map<String, Object> object(Generation generation) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("text", generation.text());
        object.put("finish_reason", Choice.word(generation.finishReason()).replace('-', '_'));
        object.put("tokens", generation.tokens().stream().map(Token::id).toList());
        object.put("log_probabilities", generation.tokens().stream().map(Token::logProbability).toList());
        object.put("prompt_tokens", generation.promptTokens());
        object.put("seed", generation.seed());
        object.put("prefill_seconds", generation.prefillTime().toNanos() / 1e9);
        object.put("decode_seconds", generation.decodeTime().toNanos() / 1e9);
        return object;
    }
}
