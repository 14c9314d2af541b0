package io.github.t6j.cli.serve;

import io.github.t6j.Model;
import io.github.t6j.SessionOptions;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.embed.PoolingArguments;
import io.github.t6j.cli.generate.CacheArguments;
import io.github.t6j.cli.generate.LinesArguments;
import io.github.t6j.cli.generate.SpeculationArguments;
import io.github.t6j.cli.generate.WarmUp;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.ShutdownHook;
import io.github.t6j.cli.models.ModelArguments;
import io.github.t6j.cli.models.ModelParameter;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.SchedulerOptions;
import io.github.t6j.speculation.Speculation;
import io.github.t6j.weights.NativeMemory;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j serve}: runs an HTTP server with OpenAI's API. */
@Command(
        name = "serve",
        description = {"Serves a model over HTTP with OpenAI's API and a web page.",
            "Endpoints: /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/models,",
            "/tokenize, /detokenize, /health, /metrics, /props, /slots."},
        footer = {
            "",
            "On Ctrl-C or SIGTERM, the server stops accepting requests; running ones have --drain seconds to finish.",
            "",
            "Examples:",
            "  t6j serve",
            "  t6j serve -m DIR --cache-type bf16 --parallel 16",
            "  t6j serve -m DIR --cache-dir ~/.cache/t6j-serve",
            "  t6j serve --host 0.0.0.0 --api-key-file key.txt",
            "  T6J_TLS_PASSWORD=… t6j serve --tls-keystore server.p12"
        })
public final class ServeCommand implements Callable<Integer> {
    private static final int LONGEST_KEY = 4096;
    private static final int MAX_QUEUED = 1_000_000;
    private static final int LONGEST_DRAIN = 3600;
    private static final Duration WARM_UP = Duration.ofSeconds(10);

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelParameter argument;

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private CacheArguments cache;

    @Mixin
    private PoolingArguments pooling;

    @Mixin
    private SpeculationArguments speculation;

    @Mixin
    private AddressArguments at;

    @Mixin
    private LogArguments logging;

    @Option(names = "--name", paramLabel = "NAME",
            description = "Name of the model in requests (default: the name of its folder or file).")
    private String name;

    @Option(names = "--alias", paramLabel = "NAME",
            description = {"Another name for the model in requests; repeatable.",
                "* accepts any name, for clients whose model name cannot be set."})
    private List<String> aliases = List.of();

    @Option(names = {"-c", "--context"}, paramLabel = "N",
            description = "Number of tokens for a prompt and its continuation (default: the trained length).")
    private Integer context;

    @Option(names = "--parallel", paramLabel = "N", defaultValue = "16",
            description = "Number of generations that run at once (default: ${DEFAULT-VALUE}).")
    private int parallel;

    @Option(names = "--queue", paramLabel = "N", defaultValue = "64",
            description = {"Number of generations that may wait.",
                "Requests beyond it are answered with status 429 (default: ${DEFAULT-VALUE})."})
    private int queue;

    @Option(names = "--cache-memory", paramLabel = "MB",
            description = {"Memory in MB for all caches, including caches kept for prompts with the same beginning",
                "(default: three quarters of the memory that is free after the model is loaded)."})
    private Long cacheMemory;

    @Option(names = "--cache-dir", paramLabel = "DIR",
            description = {
                "Keep the caches of long prompts in DIR, for prompts with the same beginning after a restart",
                "(default: only in memory)."})
    private Path cacheDir;

    @Option(names = "--cache-dir-size", paramLabel = "MB", defaultValue = "10240",
            description = {"Largest size of DIR in MB.",
                "The least recently used caches are removed (default: ${DEFAULT-VALUE})."})
    private long cacheDirSize;

    @Option(names = "--timeout", paramLabel = "S", defaultValue = "0",
            description = {"Time limit of a request in seconds, including its time in the queue; 0 means no limit.",
                "A request without a token by then is answered with status 503 (default: ${DEFAULT-VALUE})."})
    private int timeout;

    @Option(names = "--api-key-file", paramLabel = "FILE",
            description = "Require the key in FILE from all requests, as \"Authorization: Bearer KEY\".")
    private Path keyFile;

    @Option(names = "--api-key", paramLabel = "KEY",
            description = {"Require KEY from all requests.",
                "Other users of the machine can see the command line; --api-key-file is safer."})
    private String key;

    @Option(names = "--allow-origin", paramLabel = "ORIGIN",
            description = {"Allow requests from pages of this origin, such as https://example.org, or * for all",
                "(default: only the server's own page)."})
    private String allowedOrigin;

    @Option(names = "--tls-keystore", paramLabel = "FILE",
            description = {"Serve HTTPS with the key and certificate in FILE (PKCS12).",
                "The environment variable T6J_TLS_PASSWORD holds its password."})
    private Path keystore;

    @Option(names = "--drain", paramLabel = "S", defaultValue = "10",
            description = "Seconds for running requests to finish when the server stops (default: ${DEFAULT-VALUE}).")
    private int drain;

    @Option(names = "--no-warm-up",
            description = {"Start without a warm-up.",
                "By default /health answers 503 until the model is warm, for at most 10 s."})
    private boolean cold;

    private ServerLog log;

    @Override
    public Integer call() {
        log = logging.log(main);
        check();
        Server server = listen();
        CountDownLatch stopped = new CountDownLatch(1);
        StartAndStop reports = new StartAndStop(server, log::note);
        // The process ends with 128 + the signal after this.
        try (ShutdownHook _ = new ShutdownHook(() -> {
            stop(reports);
            stopped.countDown();
        });
                Model model = arguments.load(reports.loading(name(), main.watched));
                SpeculationArguments.Loaded loaded = speculation.load(model, arguments)) {
            serve(server, model, loaded.drafts());
            stopped.await();
            return Main.INTERRUPTED;
        } catch (InterruptedException e) {
            return Main.INTERRUPTED;
        } finally {
            server.close();
        }
    }

    private void check() {
        arguments.check(argument);
        speculation.check();
        if (name != null && name.isBlank()) {
            throw new ParameterException(spec.commandLine(), "--name: expected a name, found an empty one");
        }
        if (aliases.stream().anyMatch(String::isBlank)) {
            throw new ParameterException(spec.commandLine(), "--alias: expected a name or *, found an empty one");
        }
        Range.atLeast(spec, "--port", at.port(), 0);
        Range.atMost(spec, "--port", at.port(), 65535, "the largest port");
        Range.atLeast(spec, "--parallel", parallel, 1);
        Range.atMost(spec, "--parallel", parallel, SchedulerOptions.MAX_RUNNING, "the most in one pass");
        Range.atLeast(spec, "--queue", queue, 0);
        Range.atMost(spec, "--queue", queue, MAX_QUEUED, "the most supported");
        Range.atLeast(spec, "--drain", drain, 0);
        Range.atMost(spec, "--drain", drain, LONGEST_DRAIN, "an hour");
        Range.atLeast(spec, "--timeout", timeout, 0);
        Range.atMost(spec, "--timeout", timeout, TimeLimit.LONGEST_SECONDS, "a day");
        Range.atLeast(spec, "--cache-dir-size", cacheDirSize, 1);
        Range.atMost(spec, "--cache-dir-size", cacheDirSize, Long.MAX_VALUE / Sizes.MB, "the largest number of bytes");
        if (context != null) {
            Range.atLeast(spec, "--context", context, 1);
        }
        if (cacheMemory != null) {
            Range.atLeast(spec, "--cache-memory", cacheMemory, 1);
            Range.atMost(spec, "--cache-memory", cacheMemory, Long.MAX_VALUE / Sizes.MB, "the largest number of bytes");
        }
    }

    private Server listen() {
        try {
            return new Server(new Server.Options(at.host(), at.port(), key(), allowedOrigin, tls(),
                    logging.proxies(), log));
        } catch (IOException e) {
            throw Errors.failure("--host " + at.host() + " --port " + at.port(), "cannot listen", e);
        }
    }

    private String key() {
        if (keyFile == null) {
            return key;
        }
        try (InputStream in = Files.newInputStream(keyFile)) {
            byte[] bytes = in.readNBytes(LONGEST_KEY + 1);
            String text = new String(bytes, StandardCharsets.UTF_8).strip();
            if (text.isEmpty() || bytes.length > LONGEST_KEY) {
                throw new CommandFailure(keyFile + ": expected a key of at most " + LONGEST_KEY + " bytes, found "
                        + (text.isEmpty() ? "an empty file" : "more"));
            }
            return text;
        } catch (IOException e) {
            throw Errors.failure(keyFile, "cannot be read", e);
        }
    }

    private SSLContext tls() {
        if (keystore == null) {
            return null;
        }
        String password = main.environment.getOrDefault("T6J_TLS_PASSWORD", "");
        try (InputStream in = Files.newInputStream(keystore)) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(in, password.toCharArray());
            if (!hasKey(keys)) {
                throw new CommandFailure(keystore + ": expected a private key and its certificate, found none");
            }
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, password.toCharArray());
            SSLContext tls = SSLContext.getInstance("TLS");
            tls.init(managers.getKeyManagers(), null, null);
            return tls;
        } catch (IOException | GeneralSecurityException e) {
            throw Errors.failure(
                    keystore, "expected a PKCS12 keystore and its password in T6J_TLS_PASSWORD", e);
        }
    }

    private static boolean hasKey(KeyStore keys) throws KeyStoreException {
        for (String alias : Collections.list(keys.aliases())) {
            if (keys.isKeyEntry(alias)) {
                return true;
            }
        }
        return false;
    }

    private void serve(Server server, Model model, Speculation drafts) {
        SessionOptions options = cache.sessionOptions();
        int ids = context == null ? LinesArguments.contextLength(model, options) : context;
        long bytes = cacheMemory == null ? NativeMemory.available() / 4 * 3 : cacheMemory * Sizes.MB;
        Scheduler scheduler = new Scheduler(model,
                SchedulerOptions.defaults().withMaxRunning(parallel).withMaxQueued(queue)
                        .withCacheBytes(bytes).withSession(options.withContextLength(ids))
                        .withPrefixFolder(cacheDir, cacheDirSize * Sizes.MB).withSpeculation(drafts)
                        .withTimeout(timeout == 0 ? null : Duration.ofSeconds(timeout)));
        PromptFormat format = Chat.of(model).format();
        if (!cold) {
            server.warm(new WarmUp(model, WARM_UP));
        }
        server.serve(new ServedModel(new ModelNames(name(), aliases), System.currentTimeMillis() / 1000, model,
                scheduler, format,
                options.cacheType(), drafts), pooling.embeddingOptions());
        InetSocketAddress address = server.address();
        String shown = address.getAddress().isAnyLocalAddress() ? "localhost" : at.host();
        shown = shown.contains(":") ? "[" + shown + "]" : shown;
        log.note("serving " + name() + " at " + (keystore == null ? "http" : "https") + "://" + shown + ":"
                + address.getPort() + " (context " + Sizes.count(ids) + ", " + parallel + " at once, caches of "
                + Sizes.of(bytes) + ")");
        if (!address.getAddress().isLoopbackAddress() && key == null && keyFile == null) {
            log.note(
                    "note: anyone who can reach this machine can use the server; --api-key-file FILE requires a key");
        }
    }

    private String name() {
        return name == null ? arguments.name() : name;
    }

    private void stop(StartAndStop reports) {
        if (!reports.drain(Duration.ofSeconds(drain))) {
            log.note("some requests were stopped after " + drain + " s (--drain)");
        }
    }
}
