/** Events of JDK Flight Recorder, which the other packages record; they need no recorder. Uses no other package. */
package io.github.t6j.events;
