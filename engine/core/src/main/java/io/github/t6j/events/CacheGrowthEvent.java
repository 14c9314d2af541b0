package io.github.t6j.events;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** Allocation of memory for the cache of a session. */
@Name("t6j.CacheGrowth")
@Label("Cache Growth")
@Category("t6j")
@Description("Allocation of memory for the cache of a session")
public final class CacheGrowthEvent extends Event {
    /** Event that is never committed; it shows whether recordings include this kind. */
    static final CacheGrowthEvent KIND = new CacheGrowthEvent();

    @Label("Allocated")
    @DataAmount
    long bytes;

    @Label("Cache")
    @Description("Bytes of the whole cache afterwards, including shared pages")
    @DataAmount
    long cacheBytes;

    CacheGrowthEvent() {}
}
