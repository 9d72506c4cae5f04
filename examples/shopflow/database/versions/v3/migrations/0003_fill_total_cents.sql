-- slipway: phase=data, table=orders, key=id
UPDATE orders SET total_cents = round(total * 100) WHERE id BETWEEN :from AND :to AND total_cents IS NULL;
