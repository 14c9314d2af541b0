package io.github.t6j.events;

/**
 * Events of JDK Flight Recorder. A method returns null, or does nothing, if no recording includes the event or the
 * module jdk.jfr is missing; other classes then load no class of that module.
 */
public final class Events {
    private static final boolean AVAILABLE =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private Events() {}

    /** Begins the loading of a model. */
    public static ModelLoadEvent beginModelLoad() {
        if (!AVAILABLE || !ModelLoadEvent.KIND.isEnabled()) {
            return null;
        }
        ModelLoadEvent event = new ModelLoadEvent();
        event.begin();
        return event;
    }

    /** Begins a pass of prompts. */
    public static PrefillEvent beginPrefill() {
        if (!AVAILABLE || !PrefillEvent.KIND.isEnabled()) {
            return null;
        }
        PrefillEvent event = new PrefillEvent();
        event.begin();
        return event;
    }

    /** Begins a pass that continues sessions. */
    public static DecodeStepEvent beginDecodeStep() {
        if (!AVAILABLE || !DecodeStepEvent.KIND.isEnabled()) {
            return null;
        }
        DecodeStepEvent event = new DecodeStepEvent();
        event.begin();
        return event;
    }

    /** Records the growth of a cache by {@code bytes} to {@code cacheBytes}. */
    public static void cacheGrowth(long bytes, long cacheBytes) {
        if (AVAILABLE && CacheGrowthEvent.KIND.isEnabled()) {
            CacheGrowthEvent event = new CacheGrowthEvent();
            event.bytes = bytes;
            event.cacheBytes = cacheBytes;
            event.commit();
        }
    }

    /** Begins the wait of work in a queue. */
    public static QueueWaitEvent beginQueueWait() {
        if (!AVAILABLE || !QueueWaitEvent.KIND.isEnabled()) {
            return null;
        }
        QueueWaitEvent event = new QueueWaitEvent();
        event.begin();
        return event;
    }

    /** Begins the run of work that has waited. */
    public static RunEvent beginRun() {
        if (!AVAILABLE || !RunEvent.KIND.isEnabled()) {
            return null;
        }
        RunEvent event = new RunEvent();
        event.begin();
        return event;
    }

    /** Returns the current stack if a recording asks where leaked objects were opened, or null. */
    public static AllocationSite allocationSite(String what) {
        return AVAILABLE && LeakEvent.KIND.isEnabled() ? new AllocationSite(what) : null;
    }

    /** Records a leaked object that was opened at {@code site}. */
    public static void leak(String kind, AllocationSite site) {
        if (site != null && AVAILABLE) {
            LeakEvent event = new LeakEvent();
            event.kind = kind;
            event.allocationSite = site.frames();
            event.commit();
        }
    }
}
