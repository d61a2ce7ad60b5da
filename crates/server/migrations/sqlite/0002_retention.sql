-- Schema version 2. Of each device and flow only the newest messages are kept: how many went, and
-- the way to the oldest of those that are left.
ALTER TABLE device_flow ADD COLUMN pruned BIGINT NOT NULL DEFAULT 0;
CREATE INDEX message_by_device_flow ON message (device, flow, id);
