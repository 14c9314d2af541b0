/**
 * Events of JDK Flight Recorder, which the other packages record; without a recording they cost almost nothing. Uses no
 * other package.
 */
package io.github.t6j.events;
